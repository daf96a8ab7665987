//! `null` in the document. What we send shows absent values as `null`; in what is sent to us a field may be left out, but
//! `null` is a value only where a type says so with [`Nullable`].

use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::marker::PhantomData;

/// The mark that [`Nullable`] leaves until [`Nulls`] has seen it.
const MARK: &str = "x-nullable";

/// In the type of a request body: `null` is a value too. `Option<T>` alone is a field that may be left out.
pub(crate) struct Nullable<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for Nullable<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        schema.insert(MARK.to_owned(), true.into());
        schema
    }
}

/// Decides where `null` stays, before the generator's own transforms say it in the words of OpenAPI 3.0.
#[derive(Debug, Clone, Copy)]
pub(super) enum Nulls {
    /// In answers: wherever a value may be absent.
    Shown,
    /// In requests: where it is marked.
    Marked,
}

impl Transform for Nulls {
    fn transform(&mut self, schema: &mut Schema) {
        let marked = schema.remove(MARK).is_some();
        let stays = marked || matches!(self, Self::Shown);
        if !stays && let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        if let Some(reference) = optional_reference(schema) {
            schema.remove("anyOf");
            schema.insert("allOf".to_owned(), json!([reference]));
            if stays {
                schema.insert("nullable".to_owned(), true.into());
            }
        }
        transform_subschemas(self, schema);
    }
}

/// The schema in `anyOf: [schema, null]`.
fn optional_reference(schema: &Schema) -> Option<Value> {
    match schema.get("anyOf")?.as_array()?.as_slice() {
        [reference, null] if null.get("type").is_some_and(|name| name == "null") => Some(reference.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::generate::SchemaSettings;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Inner {
        x: i64,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Body {
        left_out: Option<String>,
        #[schemars(length(max = 3))]
        emptied: Option<Nullable<String>>,
        inner: Option<Inner>,
    }

    fn properties(nulls: Nulls) -> Value {
        let settings = SchemaSettings::openapi3().with(|settings| settings.transforms.insert(0, Box::new(nulls)));
        let mut generator = settings.into_generator();
        generator.subschema_for::<Body>();
        generator.take_definitions(true)["Body"]["properties"].take()
    }

    #[test]
    fn a_request_may_hold_null_only_where_the_type_says_so() {
        assert_eq!(
            properties(Nulls::Marked),
            json!({
                "left_out": {"type": "string"},
                "emptied": {"type": "string", "maxLength": 3, "nullable": true},
                "inner": {"allOf": [{"$ref": "#/components/schemas/Inner"}]},
            })
        );
    }

    #[test]
    fn an_answer_shows_null_wherever_a_value_may_be_absent() {
        assert_eq!(
            properties(Nulls::Shown),
            json!({
                "left_out": {"type": "string", "nullable": true},
                "emptied": {"type": "string", "maxLength": 3, "nullable": true},
                "inner": {"allOf": [{"$ref": "#/components/schemas/Inner"}], "nullable": true},
            })
        );
    }
}
