//! The model that agents ask: the testkit's fake one.

use std::sync::OnceLock;
use std::thread;

use connix_testkit::fake_model::FakeModel;

use crate::Settings;

impl Settings {
    /// [`Settings::for_tests`] with `model` as the endpoint, and `gpt-4` as the model of an agent that names none.
    pub fn with_model(model: &FakeModel) -> Self {
        Self::for_tests().with("llm.base_url", model.base_url()).with("llm.default_model", "gpt-4")
    }
}

/// The model of the shared servers, which has no script: it answers "You said: …" to whatever it is asked.
pub(crate) fn shared() -> &'static FakeModel {
    static MODEL: OnceLock<FakeModel> = OnceLock::new();
    MODEL.get_or_init(|| thread::spawn(start).join().unwrap())
}

/// On a thread and a runtime of its own: the first case that needs it is inside another runtime.
fn start() -> FakeModel {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(FakeModel::start())
}
