//! The console's cookies. Where the service is reached by https they are bound to its host and never sent in the clear.

use actix_web::http::header::{COOKIE, HeaderMap};

/// What a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    /// The session of somebody who is signed in.
    Session,
    /// Tells this browser from others while nobody is signed in: forms and tickets belong to it.
    Browser,
    /// What an earlier sign-in has left, see [`Entered::device`](connix_application::Entered).
    Device,
    /// A sign-in at the operator's provider that has not ended, see [`Departure::mark`](connix_application::Departure).
    Departure,
}

impl Cookie {
    const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Session, true) => "__Host-cx_session",
            (Self::Session, false) => "cx_session",
            (Self::Browser, true) => "__Host-cx_browser",
            (Self::Browser, false) => "cx_browser",
            (Self::Device, true) => "__Host-cx_device",
            (Self::Device, false) => "cx_device",
            (Self::Departure, true) => "__Host-cx_departure",
            (Self::Departure, false) => "cx_departure",
        }
    }

    /// How long a browser keeps it, in seconds; without, until it is closed.
    const fn max_age(self) -> Option<u32> {
        match self {
            Self::Session => Some(7 * 86_400),
            Self::Browser => None,
            Self::Device => Some(365 * 86_400),
            Self::Departure => Some(600),
        }
    }

    /// Its value in a request; nothing when it stands there twice.
    pub(super) fn read(self, headers: &HeaderMap, secure: bool) -> Option<&str> {
        let pairs = headers.get_all(COOKIE).filter_map(|header| header.to_str().ok()).flat_map(|text| text.split(';'));
        let mut values = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(n, _)| *n == self.name(secure));
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }

    /// `Set-Cookie` with this value.
    pub(super) fn set(self, value: &str, secure: bool) -> String {
        let age = self.max_age().map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let secure_only = if secure { "; Secure" } else { "" };
        format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure_only}", self.name(secure))
    }

    /// `Set-Cookie` that takes it away.
    pub(super) fn take_away(self, secure: bool) -> String {
        let secure_only = if secure { "; Secure" } else { "" };
        format!("{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure_only}", self.name(secure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn read(header: &str, secure: bool) -> Option<String> {
        let request = TestRequest::get().insert_header(("cookie", header)).to_http_request();
        Cookie::Session.read(request.headers(), secure).map(str::to_owned)
    }

    #[test]
    fn a_cookie_is_read_by_its_exact_name_and_once() {
        assert_eq!(read("a=b; cx_session=cxe_1; c=d", false).as_deref(), Some("cxe_1"));
        assert_eq!(read("cx_session=cxe_1", true), None);
        assert_eq!(read("__Host-cx_session=cxe_1", true).as_deref(), Some("cxe_1"));
        assert_eq!(read("cx_session=1; cx_session=2", false), None);
        assert_eq!(read("xcx_session=1", false), None);
    }

    #[test]
    fn over_https_a_cookie_is_bound_to_its_host() {
        assert_eq!(
            Cookie::Session.set("v", true),
            "__Host-cx_session=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800; Secure"
        );
        assert!(!Cookie::Browser.set("v", false).contains("Secure"));
    }
}
