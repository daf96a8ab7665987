//! The fields that bodies about several kinds of resources share.

use super::Fields;
use connix_domain::fault::Fault;
use connix_domain::metadata::Metadata;
use connix_domain::project::check_description;
use serde_json::{Map, Value};

impl Fields<'_> {
    /// `description`: a text of at most 2,000 characters, or `null`.
    pub(crate) fn description(&mut self) -> Option<Option<String>> {
        let description = self.nullable_string("description").map(|text| text.map(str::to_owned));
        if let Some(Some(text)) = &description {
            self.checked(check_description(text).map_err(|fault| [fault]));
        }
        description
    }

    /// `metadata`: an object within its limits.
    pub(crate) fn metadata(&mut self) -> Option<Metadata> {
        self.metadata_read_by(Metadata::parse)
    }

    /// `metadata`, read as its kind of resource reads it.
    pub(crate) fn metadata_read_by(
        &mut self,
        read: impl FnOnce(Map<String, Value>) -> Result<Metadata, Fault>,
    ) -> Option<Metadata> {
        let object = self.object("metadata")?.clone();
        self.checked(read(object).map_err(|fault| [fault]))
    }

    /// Notes a fault for each of these keys that is `null`.
    pub(crate) fn refuse_nulls(&mut self, keys: &[&'static str]) {
        for key in keys {
            if self.any(key) == Some(&Value::Null) {
                self.fault(key, "must not be null");
            }
        }
    }
}
