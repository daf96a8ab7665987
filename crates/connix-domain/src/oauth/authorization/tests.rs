//! Every rule of the authorization endpoint, by the ids of `reliability.md`.

use super::*;
use crate::oauth::client::{ClientKind, ClientStatus};
use crate::oauth::samples::{REDIRECT, client};
use proptest::prelude::*;

const API: &str = "https://connix.example";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A request that is all right, with some parameters replaced, added or (empty) left out.
fn parameters(changes: &[(&str, &str)]) -> Parameters {
    let mut pairs = vec![
        ("client_id", "client_0000000000000002"),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("scope", "read"),
        ("state", "xyz"),
    ];
    pairs.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    pairs.extend(changes);
    Parameters::new(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn read(changes: &[(&str, &str)]) -> Result<AuthorizationRequest, Refusal> {
    AuthorizationRequest::read(&parameters(changes), Some(&client(ClientKind::Public)), API)
}

fn error(changes: &[(&str, &str)]) -> &'static str {
    match read(changes) {
        Err(Refusal::Redirect(redirect)) => redirect.error().map_or("code", AuthorizeError::as_str),
        Err(Refusal::Page(_)) => "page",
        Ok(_) => "ok",
    }
}

#[test]
fn a_request_that_is_all_right_is_read() {
    let request = read(&[]).unwrap();
    assert_eq!((request.redirect_uri.as_str(), request.state.as_deref()), (REDIRECT, Some("xyz")));
    assert_eq!(request.scopes, Scopes::usual());
    assert_eq!(read(&[("scope", "")]).unwrap().scopes, Scopes::usual());
    assert_eq!(read(&[("response_mode", "query"), ("resource", API), ("nonce", "1")]).unwrap().scopes, Scopes::usual());
}

/// O01, O02, O10.
#[test]
fn without_a_known_client_and_its_redirect_uri_nobody_is_sent_anywhere() {
    let unknown = AuthorizationRequest::read(&parameters(&[]), None, API);
    assert_eq!(unknown, Err(Refusal::Page(PageFault::UnknownClient)));
    let disabled = OAuthClient { status: ClientStatus::Disabled, ..client(ClientKind::Public) };
    let refused = AuthorizationRequest::read(&parameters(&[]), Some(&disabled), API);
    assert_eq!(refused, Err(Refusal::Page(PageFault::UnknownClient)));
    for changes in [
        &[("redirect_uri", "")][..],
        &[("redirect_uri", "https://evil.example/cb")],
        &[("redirect_uri", REDIRECT), ("redirect_uri", REDIRECT)],
        &[("redirect_uri", "https://evil.example/cb"), ("response_type", "token")],
    ] {
        assert_eq!(error(changes), "page", "{changes:?}");
    }
    for bad in [&[("client_id", "")][..], &[("client_id", "notes")], &[("client_id", "a"), ("client_id", "a")]] {
        assert_eq!(AuthorizationRequest::client_of(&parameters(bad)), Err(PageFault::UnknownClient), "{bad:?}");
    }
}

/// O06 to O13.
#[test]
fn the_first_broken_rule_is_told_to_the_application() {
    for (changes, expected) in [
        (&[("response_type", "token")][..], "unsupported_response_type"),
        (&[("response_type", "id_token")], "unsupported_response_type"),
        (&[("response_type", "code token")], "unsupported_response_type"),
        (&[("response_type", "")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "s256")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge", &CHALLENGE[1..])], "invalid_request"),
        (&[("scope", "admin")], "invalid_scope"),
        (&[("scope", "read admin")], "invalid_scope"),
        (&[("scope", "read\twrite")], "invalid_scope"),
        (&[("scope", "read"), ("scope", "read")], "invalid_request"),
        (&[("state", "a"), ("state", "a")], "invalid_request"),
        (&[("request", "ey")], "request_not_supported"),
        (&[("request_uri", "https://169.254.169.254/")], "request_uri_not_supported"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("response_mode", "web_message")], "invalid_request"),
        (&[("resource", "https://other.example")], "invalid_target"),
        (&[("state", &"x".repeat(513))], "invalid_request"),
        (&[("state", "a\nb")], "invalid_request"),
        (&[("response_type", "token"), ("scope", "admin")], "unsupported_response_type"),
    ] {
        assert_eq!(error(changes), expected, "{changes:?}");
    }
}

#[test]
fn a_client_gets_no_more_than_it_is_registered_for() {
    let reader = OAuthClient { scopes: Scopes::usual(), ..client(ClientKind::Confidential) };
    let refused = AuthorizationRequest::read(&parameters(&[("scope", "write")]), Some(&reader), API);
    assert!(matches!(refused, Err(Refusal::Redirect(r)) if r.error() == Some(AuthorizeError::InvalidScope)));
}

/// O13 and O49.
#[test]
fn answers_carry_the_state_unchanged_and_who_answers() {
    let request = read(&[("state", "\"><script>")]).unwrap();
    assert_eq!(
        request.allowed("cxc_1").location(API),
        format!("{REDIRECT}?code=cxc_1&state=%22%3E%3Cscript%3E&iss=https%3A%2F%2Fconnix.example")
    );
    let denied = request.denied().location(API);
    assert!(denied.starts_with(&format!("{REDIRECT}?error=access_denied&error_description=The%20user")), "{denied}");
    assert!(denied.ends_with("&state=%22%3E%3Cscript%3E&iss=https%3A%2F%2Fconnix.example"), "{denied}");
    let Err(Refusal::Redirect(refused)) = read(&[("state", "a\u{7}b")]) else { panic!("it was not refused") };
    assert!(!refused.location(API).contains("state="), "what is not sound is not sent on");
}

proptest! {
    #[test]
    fn whatever_is_sent_the_browser_goes_to_a_registered_uri_or_nowhere(
        changes in prop::collection::vec(("(client_id|redirect_uri|scope|state|code_challenge|request|x)", "\\PC{0,20}"), 0..6),
    ) {
        let changes: Vec<_> = changes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        match read(&changes) {
            Err(Refusal::Redirect(refused)) => prop_assert!(refused.location(API).starts_with(REDIRECT)),
            Err(Refusal::Page(_)) => {}
            Ok(request) => prop_assert_eq!(request.redirect_uri, REDIRECT),
        }
    }
}
