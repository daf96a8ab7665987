//! How good predictions are.

use serde_json::{Value, json};

/// Of numbers: coefficient of determination, root of the mean squared error, mean absolute error.
pub(super) fn regression(predicted: &[f64], actual: &[f64]) -> Value {
    let count = actual.len() as f64;
    let mean = actual.iter().sum::<f64>() / count;
    let pairs = || predicted.iter().zip(actual);
    let squared = pairs().map(|(p, a)| (p - a).powi(2)).sum::<f64>();
    let absolute = pairs().map(|(p, a)| (p - a).abs()).sum::<f64>();
    let total = actual.iter().map(|a| (a - mean).powi(2)).sum::<f64>();
    let r2 = (total > 0.0).then(|| 1.0 - squared / total);
    json!({"r2": r2, "rmse": (squared / count).sqrt(), "mae": absolute / count})
}

/// Of classes: the share that is right, each class's precision, recall and F1, and how often each (row) was taken for each
/// (column).
pub(super) fn classification(predicted: &[i32], actual: &[i32], classes: usize) -> Value {
    let mut confusion = vec![vec![0_u64; classes]; classes];
    for (predicted, actual) in predicted.iter().zip(actual) {
        if let (Ok(predicted), Ok(actual)) = (usize::try_from(*predicted), usize::try_from(*actual)) {
            confusion[actual][predicted] += 1;
        }
    }
    let right: u64 = (0..classes).map(|class| confusion[class][class]).sum();
    let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let of_class = |class: usize| {
        let (actual, taken) = (confusion[class].iter().sum(), confusion.iter().map(|row| row[class]).sum());
        let (recall, precision) = (share(confusion[class][class], actual), share(confusion[class][class], taken));
        let f1 = if recall + precision > 0.0 { 2.0 * recall * precision / (recall + precision) } else { 0.0 };
        json!({"precision": precision, "recall": recall, "f1": f1, "rows": actual})
    };
    let by_class: Vec<Value> = (0..classes).map(of_class).collect();
    json!({"accuracy": share(right, actual.len() as u64), "by_class": by_class, "confusion": confusion})
}

/// The most frequent class; the lowest of several.
pub(super) fn majority(classes: &[i32]) -> i32 {
    let count = |class: i32| classes.iter().filter(|other| **other == class).count();
    classes.iter().copied().max_by_key(|class| (count(*class), -class)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_numbers_are_those_of_the_textbook() {
        let measured = regression(&[2.0, 4.0], &[1.0, 5.0]);
        assert_eq!(measured, json!({"r2": 0.75, "rmse": 1.0, "mae": 1.0}));
        assert_eq!(regression(&[1.0], &[1.0])["r2"], Value::Null, "one value has no spread");
    }

    #[test]
    fn figures_of_classes_are_those_of_the_textbook() {
        let measured = classification(&[0, 1, 1, 1], &[0, 0, 1, 1], 2);
        assert_eq!((&measured["accuracy"], &measured["confusion"]), (&json!(0.75), &json!([[1, 1], [0, 2]])));
        assert_eq!(measured["by_class"][0], json!({"precision": 1.0, "recall": 0.5, "f1": 2.0 / 3.0, "rows": 2}));
        assert_eq!(majority(&[1, 0, 0, 1, 1]), 1);
        assert_eq!(majority(&[1, 0]), 0);
    }
}
