//! `ml_training`: trains a model on a table of the workspace and measures it on rows that it has not seen.
//!
//! An agent whose environment names an `ML_ENDPOINT` has its jobs done there ([`remote`]); all others here, in a confined
//! child.

mod dataset;
mod metrics;
mod remote;
mod train;

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::ToolError;
use super::arguments::{self, Arguments};
use super::data_analysis::Table;
use super::own_program::object;
use super::workspace_files::WorkspaceFiles;
use dataset::Dataset;
pub(super) use remote::MlTraining;

/// To the model.
pub(super) const DESCRIPTION: &str = "Train a model on a CSV or JSON Lines file of the workspace: linear_regression, \
    logistic_regression or random_forest. A seeded share of the rows is held out, and the metrics are measured on it. \
    Writes model.json and metrics.json into a folder below models/ and returns the metrics.";

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    file: String,
    target: String,
    algorithm: Algorithm,
    #[serde(default)]
    features: Option<Vec<String>>,
    #[serde(default = "usual_share")]
    test_share: f64,
    #[serde(default = "usual_seed")]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Algorithm {
    LinearRegression,
    LogisticRegression,
    RandomForest,
}

fn usual_share() -> f64 {
    0.2
}

fn usual_seed() -> u64 {
    42
}

/// JSON schema of the arguments.
pub(super) fn parameters() -> Value {
    let properties = json!({
        "file": {"type": "string", "description": "Path in the workspace, ending in .csv, .tsv, .jsonl or .ndjson"},
        "target": {"type": "string", "description": "The column to predict"},
        "algorithm": {"type": "string", "enum": ["linear_regression", "logistic_regression", "random_forest"]},
        "features": {"type": "array", "items": {"type": "string"}, "description": "Columns to predict from; all others unless given"},
        "test_share": {"type": "number", "minimum": 0.05, "maximum": 0.5, "description": "Share of rows held out (0.2)"},
        "seed": {"type": "integer", "minimum": 0, "description": "Of the split and the forest (42)"}
    });
    object(properties, &["file", "target", "algorithm"])
}

/// Runs a call here.
///
/// # Errors
/// For the model.
pub(super) fn run(arguments: &Arguments, call: &str, workspace: &Path) -> Result<Value, ToolError> {
    let asked: Asked = arguments::read(arguments)?;
    if !(0.05..=0.5).contains(&asked.test_share) {
        return Err(ToolError::invalid_arguments("test_share must be between 0.05 and 0.5"));
    }
    let files = WorkspaceFiles::open(workspace)?;
    let table = Table::load(&files, &asked.file)?;
    let data = Dataset::of(&table, &asked.target, asked.features.as_deref())?;
    let trained = train::train(&data, &asked)?;
    let folder = format!("models/{call}-{}", digest(arguments));
    write(&files, &format!("{folder}/model.json"), &trained.model)?;
    write(&files, &format!("{folder}/metrics.json"), &trained.metrics)?;
    Ok(json!({"folder": folder, "files": ["model.json", "metrics.json"], "metrics": trained.metrics}))
}

fn write(files: &WorkspaceFiles, path: &str, document: &Value) -> Result<(), ToolError> {
    files.write(path, document.to_string().as_bytes())
}

/// Calls of two tasks may have the same id: what they ask for tells their folders apart, and the same is the same.
fn digest(arguments: &Arguments) -> String {
    let text = Value::Object(arguments.clone()).to_string();
    Sha256::digest(text.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn workspace(csv: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("data.csv"), csv).unwrap();
        folder
    }

    /// price = 3 · size + 10, more or less.
    fn prices() -> tempfile::TempDir {
        let row =
            |n: u32| format!("{n},{},{}\n", if n.is_multiple_of(2) { "east" } else { "west" }, 3 * n + 10 + n % 3);
        workspace(&format!("size,region,price\n{}", (0..100).map(row).collect::<String>()))
    }

    /// Large flowers are roses.
    fn flowers() -> tempfile::TempDir {
        let row = |n: u32| format!("{n},{},{}\n", n % 7, if n >= 60 { "rose" } else { "daisy" });
        workspace(&format!("size,noise,kind\n{}", (0..120).map(row).collect::<String>()))
    }

    fn train(folder: &tempfile::TempDir, asked: Value) -> Result<Value, ToolError> {
        run(asked.as_object().unwrap(), "call_1", folder.path())
    }

    #[test]
    fn a_line_is_found_and_measured_on_rows_held_out() {
        let folder = prices();
        let asked = json!({"file": "data.csv", "target": "price", "algorithm": "linear_regression"});
        let result = train(&folder, asked).unwrap();
        let metrics = &result["metrics"];
        assert_eq!((&metrics["rows"]["train"], &metrics["rows"]["test"]), (&json!(80), &json!(20)));
        assert!(metrics["test"]["r2"].as_f64().unwrap() > 0.99, "{metrics}");
        assert!(metrics["baseline"]["r2"].as_f64().unwrap() < 0.1, "{metrics}");
        let written = folder.path().join(result["folder"].as_str().unwrap());
        assert_eq!(fs::read_to_string(written.join("metrics.json")).unwrap(), metrics.to_string());
        let model: Value = serde_json::from_slice(&fs::read(written.join("model.json")).unwrap()).unwrap();
        assert_eq!(model["features"], json!(["size", "region=east", "region=west"]));
        assert!(model["model"].is_object(), "{model}");
    }

    #[test]
    fn classes_are_told_apart_by_either_classifier() {
        for algorithm in ["logistic_regression", "random_forest"] {
            let asked = json!({"file": "data.csv", "target": "kind", "algorithm": algorithm});
            let metrics = train(&flowers(), asked).unwrap()["metrics"].clone();
            assert!(metrics["test"]["accuracy"].as_f64().unwrap() > 0.9, "{algorithm}: {metrics}");
            assert_eq!(metrics["classes"], json!(["daisy", "rose"]));
            let confusion = metrics["test"]["confusion"].as_array().unwrap();
            let counted: u64 = confusion.iter().flat_map(|row| row.as_array().unwrap()).filter_map(Value::as_u64).sum();
            assert_eq!(counted, 24, "every row that was held out is counted once");
        }
    }

    #[test]
    fn a_forest_grows_for_numbers_too() {
        let asked = json!({"file": "data.csv", "target": "price", "algorithm": "random_forest", "features": ["size"]});
        let metrics = train(&prices(), asked).unwrap()["metrics"].clone();
        assert!(metrics["test"]["r2"].as_f64().unwrap() > 0.9, "{metrics}");
    }

    #[test]
    fn the_same_call_gives_the_same_and_another_seed_another_split() {
        let folder = prices();
        let asked =
            |seed: u64| json!({"file": "data.csv", "target": "price", "algorithm": "random_forest", "seed": seed});
        let [first, again, other] = [1, 1, 2].map(|seed| train(&folder, asked(seed)).unwrap());
        assert_eq!(first, again);
        assert_ne!(first["metrics"]["test"], other["metrics"]["test"]);
        assert_ne!(first["folder"], other["folder"]);
    }

    #[test]
    fn what_cannot_be_trained_on_is_refused_in_words() {
        let folder = prices();
        for (asked, said) in [
            (json!({"file": "data.csv", "target": "colour", "algorithm": "random_forest"}), "no column 'colour'"),
            (json!({"file": "data.csv", "target": "region", "algorithm": "linear_regression"}), "numbers"),
            (
                json!({"file": "data.csv", "target": "price", "algorithm": "linear_regression", "features": ["price"]}),
                "target",
            ),
            (json!({"file": "data.csv", "target": "price", "algorithm": "logistic_regression"}), "classes"),
            (
                json!({"file": "data.csv", "target": "price", "algorithm": "linear_regression", "test_share": 0.9}),
                "test_share",
            ),
            (json!({"file": "none.csv", "target": "price", "algorithm": "linear_regression"}), "no such file"),
        ] {
            let refused = train(&folder, asked).unwrap_err();
            assert!(refused.detail.contains(said), "{refused}");
        }
        let tiny = workspace("a,b\n1,2\n2,3\n");
        let refused =
            train(&tiny, json!({"file": "data.csv", "target": "b", "algorithm": "linear_regression"})).unwrap_err();
        assert!(refused.detail.contains("rows"), "{refused}");
        assert!(!folder.path().join("models").exists(), "nothing is left of a refused call");
    }
}
