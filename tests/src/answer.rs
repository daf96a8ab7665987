//! Answers, and the three vocabularies of errors (contract section 4).

use std::collections::BTreeSet;

use reqwest::header::HeaderMap;
use serde_json::Value;

/// One HTTP answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The request's method, path and special headers, for messages.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Every header.
    pub headers: HeaderMap,
    /// The bytes as they came.
    pub body: Vec<u8>,
}

impl Answer {
    /// The JSON body of an answer that must have this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.title, self.text());
        self.json()
    }

    /// The `error` object of an answer that must be this error: right status and code, a message, and the request id of the
    /// header; no key but those of contract section 4.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        let error = &body["error"];
        assert_eq!(error["code"], code, "{}: {body}", self.title);
        assert_eq!(keys(&body), ["error"].into(), "{}: {body}", self.title);
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{}: {body}", self.title);
        assert_eq!(error["request_id"].as_str(), self.header("x-request-id"), "{}: {body}", self.title);
        assert!(error["request_id"].is_string(), "{}: {body}", self.title);
        let known = BTreeSet::from(["code", "message", "details", "request_id", "retry_after"]);
        assert!(keys(error).is_subset(&known), "{}: {body}", self.title);
        error.clone()
    }

    /// The details of a refusal in the lower vocabulary, as (field, message) pairs in the order given.
    #[track_caller]
    pub fn refused_fields(&self, status: u16, code: &str) -> Vec<(String, String)> {
        let error = self.refused(status, code);
        let details =
            error["details"].as_array().unwrap_or_else(|| panic!("{}: details are a list: {error}", self.title));
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("not a text: {error}")).to_owned();
        details.iter().map(|detail| (text(&detail["field"]), text(&detail["message"]))).collect()
    }

    /// The body as JSON; fails the test if it is not declared as JSON, or is not.
    #[track_caller]
    pub fn json(&self) -> Value {
        let media_type = self.header("content-type").unwrap_or_default();
        assert!(media_type.starts_with("application/json"), "{}: `{media_type}`: {}", self.title, self.text());
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: {error}: {}", self.title, self.text()))
    }

    /// The body as text, whatever it is.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value; none when it is absent. Fails the test when there are several.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next();
        assert!(values.next().is_none(), "{}: {name} is there twice", self.title);
        first.map(|value| value.to_str().unwrap())
    }

    /// Every member of a header that is a list, in lower case, however many lines it takes.
    pub fn listed(&self, name: &str) -> Vec<String> {
        let lines = self.headers.get_all(name).iter().map(|line| line.to_str().unwrap().to_lowercase());
        lines.flat_map(|line| line.split(',').map(|member| member.trim().to_owned()).collect::<Vec<_>>()).collect()
    }

    /// The entity tag of a resource that must have one.
    #[track_caller]
    pub fn etag(&self) -> String {
        let tag = self.header("etag").unwrap_or_else(|| panic!("{}: no ETag: {:?}", self.title, self.headers));
        assert!(tag.trim_start_matches("W/").starts_with('"'), "{}: ETag {tag}", self.title);
        tag.to_owned()
    }
}

/// The keys of a JSON object; none of anything else.
pub fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}
