//! Training: a seeded split, a model, and its figures on the rows that it has not seen.

use std::fmt::Display;

use serde::Serialize;
use serde_json::{Value, json};
use smartcore::ensemble::random_forest_classifier::{RandomForestClassifier, RandomForestClassifierParameters};
use smartcore::ensemble::random_forest_regressor::{RandomForestRegressor, RandomForestRegressorParameters};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::linear_regression::{LinearRegression, LinearRegressionParameters};
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};

use super::super::ToolError;
use super::dataset::{Dataset, Target, fault};
use super::metrics::{classification, majority, regression};
use super::{Algorithm, Asked};

/// Numbers of so few different values are classes for a forest.
const FEW_VALUES: usize = 10;
const MOST_CLASSES: usize = 50;
const TREES: u16 = 100;

/// What a call leaves behind.
pub(super) struct Trained {
    pub(super) model: Value,
    pub(super) metrics: Value,
}

/// Row numbers of the two parts.
struct Split {
    train: Vec<usize>,
    test: Vec<usize>,
}

pub(super) fn train(data: &Dataset, asked: &Asked) -> Result<Trained, ToolError> {
    let split = Split::of(data.rows.len(), asked.test_share, asked.seed);
    let (scale, scaled) = scaled(data, &split);
    let (model, mut metrics) = match (asked.algorithm, &data.target) {
        (Algorithm::LinearRegression, Target::Numbers(target)) => line(&scaled, target, &split)?,
        (Algorithm::LinearRegression, Target::Texts(_)) => return Err(fault("the target must be numbers".to_owned())),
        (Algorithm::LogisticRegression, _) => classes(&scaled, data, asked, &split)?,
        (Algorithm::RandomForest, Target::Numbers(target)) if distinct(target) > FEW_VALUES => {
            numbers_forest(&scaled, target, &split, asked.seed)?
        }
        (Algorithm::RandomForest, _) => classes(&scaled, data, asked, &split)?,
    };
    metrics["algorithm"] = json!(asked.algorithm);
    metrics["seed"] = asked.seed.into();
    metrics["rows"] = json!({"train": split.train.len(), "test": split.test.len(), "incomplete": data.incomplete});
    metrics["ignored_columns"] = json!(data.ignored);
    let model = json!({
        "algorithm": asked.algorithm, "target": asked.target, "features": data.features, "scale": scale,
        "classes": metrics["classes"], "library": "smartcore 0.7", "model": model
    });
    Ok(Trained { model, metrics })
}

impl Split {
    fn of(rows: usize, share: f64, seed: u64) -> Self {
        let mut order: Vec<usize> = (0..rows).collect();
        let mut random = SplitMix(seed);
        for last in (1..rows).rev() {
            order.swap(last, random.below(last + 1));
        }
        let held_out = ((rows as f64 * share).round() as usize).clamp(1, rows - 1);
        let train = order.split_off(held_out);
        Self { train, test: order }
    }
}

/// SplitMix64: the same split for the same seed in every version of this program, which a library does not promise.
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// All rows with each feature at mean 0 and deviation 1, as they are in the training part; and how to do that again.
fn scaled(data: &Dataset, split: &Split) -> (Value, Vec<Vec<f64>>) {
    let count = split.train.len() as f64;
    let scale: Vec<(f64, f64)> = (0..data.features.len())
        .map(|at| {
            let mean = split.train.iter().map(|row| data.rows[*row][at]).sum::<f64>() / count;
            let variance = split.train.iter().map(|row| (data.rows[*row][at] - mean).powi(2)).sum::<f64>() / count;
            (mean, if variance > 0.0 { variance.sqrt() } else { 1.0 })
        })
        .collect();
    let row =
        |row: &Vec<f64>| row.iter().zip(&scale).map(|(value, (mean, deviation))| (value - mean) / deviation).collect();
    let (means, deviations): (Vec<f64>, Vec<f64>) = scale.iter().copied().unzip();
    (json!({"mean": means, "deviation": deviations}), data.rows.iter().map(row).collect())
}

fn line(rows: &[Vec<f64>], target: &[f64], split: &Split) -> Result<(Value, Value), ToolError> {
    let (x, y) = (matrix(rows, &split.train)?, picked(target, &split.train));
    let model = LinearRegression::fit(&x, &y, LinearRegressionParameters::default()).map_err(failed)?;
    let predicted: Vec<f64> = model.predict(&matrix(rows, &split.test)?).map_err(failed)?;
    Ok((written(&model)?, of_numbers(&predicted, target, split)))
}

fn numbers_forest(rows: &[Vec<f64>], target: &[f64], split: &Split, seed: u64) -> Result<(Value, Value), ToolError> {
    let (x, y) = (matrix(rows, &split.train)?, picked(target, &split.train));
    let parameters = RandomForestRegressorParameters::default().with_n_trees(usize::from(TREES)).with_seed(seed);
    let model = RandomForestRegressor::fit(&x, &y, parameters).map_err(failed)?;
    let predicted: Vec<f64> = model.predict(&matrix(rows, &split.test)?).map_err(failed)?;
    Ok((written(&model)?, of_numbers(&predicted, target, split)))
}

fn of_numbers(predicted: &[f64], target: &[f64], split: &Split) -> Value {
    let (known, actual) = (picked(target, &split.train), picked(target, &split.test));
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    json!({
        "task": "regression",
        "test": regression(predicted, &actual),
        "baseline": regression(&vec![mean; actual.len()], &actual)
    })
}

fn classes(rows: &[Vec<f64>], data: &Dataset, asked: &Asked, split: &Split) -> Result<(Value, Value), ToolError> {
    let (names, numbers) = class_numbers(&data.target)?;
    let (x, y) = (matrix(rows, &split.train)?, picked(&numbers, &split.train));
    if y.iter().all(|class| *class == y[0]) {
        return Err(fault("the rows to train on are all of one class".to_owned()));
    }
    let test = matrix(rows, &split.test)?;
    let (model, predicted): (Value, Vec<i32>) = match asked.algorithm {
        Algorithm::RandomForest => {
            let parameters = RandomForestClassifierParameters::default().with_n_trees(TREES).with_seed(asked.seed);
            let model = RandomForestClassifier::fit(&x, &y, parameters).map_err(failed)?;
            (written(&model)?, model.predict(&test).map_err(failed)?)
        }
        Algorithm::LinearRegression | Algorithm::LogisticRegression => {
            // a little regularisation: classes that can be told apart perfectly have no largest likelihood
            let parameters = LogisticRegressionParameters::default().with_alpha(0.01);
            let model = LogisticRegression::fit(&x, &y, parameters).map_err(failed)?;
            (written(&model)?, model.predict(&test).map_err(failed)?)
        }
    };
    let actual = picked(&numbers, &split.test);
    let metrics = json!({
        "task": "classification",
        "classes": names,
        "test": classification(&predicted, &actual, names.len()),
        "baseline": classification(&vec![majority(&y); actual.len()], &actual, names.len())
    });
    Ok((model, metrics))
}

/// The classes' names in order, and each row's place among them.
fn class_numbers(target: &Target) -> Result<(Vec<String>, Vec<i32>), ToolError> {
    let texts: Vec<String> = match target {
        Target::Texts(texts) => texts.clone(),
        Target::Numbers(numbers) => numbers.iter().map(f64::to_string).collect(),
    };
    let mut names = texts.clone();
    names.sort();
    names.dedup();
    if !(2..=MOST_CLASSES).contains(&names.len()) {
        return Err(fault(format!(
            "the target has {} different values; classes must be 2 to {MOST_CLASSES}",
            names.len()
        )));
    }
    let number =
        |text: &String| names.binary_search(text).ok().and_then(|at| i32::try_from(at).ok()).unwrap_or_default();
    let numbers = texts.iter().map(number).collect();
    Ok((names, numbers))
}

fn distinct(numbers: &[f64]) -> usize {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    sorted.len()
}

fn matrix(rows: &[Vec<f64>], places: &[usize]) -> Result<DenseMatrix<f64>, ToolError> {
    DenseMatrix::from_2d_vec(&places.iter().map(|at| rows[*at].clone()).collect()).map_err(failed)
}

fn picked<T: Copy>(values: &[T], places: &[usize]) -> Vec<T> {
    places.iter().map(|at| values[*at]).collect()
}

fn written(model: &impl Serialize) -> Result<Value, ToolError> {
    serde_json::to_value(model).map_err(failed)
}

fn failed(error: impl Display) -> ToolError {
    fault(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_takes_every_row_once_and_is_decided_by_its_seed() {
        let split = Split::of(100, 0.2, 7);
        let mut all = [split.train.clone(), split.test.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
        assert_eq!(split.test.len(), 20);
        assert_eq!(Split::of(100, 0.2, 7).test, split.test);
        assert_ne!(Split::of(100, 0.2, 8).test, split.test);
    }
}
