//! What is registered, and what is accepted.

use super::*;
use proptest::prelude::*;

fn registered(text: &str) -> RedirectUri {
    RedirectUri::parse(text).unwrap()
}

#[test]
fn secure_and_loopback_uris_are_registered() {
    for good in [
        "https://app.example/cb",
        "https://app.example:8443/a/b?tenant=1&x=%20",
        "https://192.0.2.7/cb",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:8000/cb",
        "http://[::1]/cb",
    ] {
        assert_eq!(RedirectUri::parse(good).map(|uri| uri.0).as_deref(), Ok(good));
    }
}

/// O05 of `reliability.md`, and neighbours.
#[test]
fn whatever_could_lead_elsewhere_is_not_registered() {
    use RedirectUriIssue::{Characters, Fragment, Host, Path, Scheme, TooLong, User};
    for (bad, issue) in [
        ("https://*.app.example/cb", Host),
        ("https://app.example*", Host),
        ("https://app.example*/cb", Host),
        ("https://app.example/*", Path),
        ("javascript:alert(1)", Scheme),
        ("app://cb", Scheme),
        ("HTTPS://app.example/cb", Scheme),
        ("http://app.example/cb", Scheme),
        ("http://app.example", Scheme),
        ("https://127.0.0.1/cb", Scheme),
        ("http://localhost/cb", Scheme),
        ("https://localhost/cb", Host),
        ("https://app.example/cb#f", Fragment),
        ("https://user@app.example/cb", User),
        ("https://user:pw@app.example/cb", User),
        ("https://APP.example/cb", Host),
        ("https://app.example:443/cb", Host),
        ("https://app.example:0443/cb", Host),
        ("https://app.example:/cb", Host),
        ("https://app.example:65536/cb", Host),
        ("http://127.0.0.1:80/cb", Host),
        ("https://127.1/cb", Host),
        ("https://0x7f.0.0.1/cb", Host),
        ("https://app.example./cb", Host),
        ("https://-app.example/cb", Host),
        ("https:///cb", Host),
        ("https://app.example", Path),
        ("https://app.example?x", Path),
        ("https://app.example/a/../cb", Path),
        ("https://app.example/a/%2E%2e/cb", Path),
        ("https://app.example/c b", Characters),
        ("https://app.example/cb\t", Characters),
        ("https://app.example\\@evil/cb", Characters),
        ("https://app.example/%zz", Characters),
        ("https://äpp.example/cb", Characters),
        ("", Scheme),
    ] {
        assert_eq!(RedirectUri::parse(bad), Err(issue), "{bad}");
    }
    assert_eq!(RedirectUri::parse(&format!("https://app.example/{}", "x".repeat(1024))), Err(TooLong));
}

/// O03.
#[test]
fn only_the_same_bytes_are_accepted() {
    let uri = registered("https://app.example/cb");
    assert!(uri.accepts("https://app.example/cb"));
    for other in [
        "https://app.example/cb/",
        "https://app.example/CB",
        "https://app.example/cb?x=1",
        "https://app.example/cb#f",
        "https://app.example/x/../cb",
        "https://app.example/%63b",
        "https://app.example:443/cb",
        "https://APP.example/cb",
        "http://app.example/cb",
        "https://app.example.evil/cb",
        "https://app.example@evil/cb",
        "https://evil\\@app.example/cb",
        "https://app.example/cb\t",
        "",
    ] {
        assert!(!uri.accepts(other), "{other}");
    }
}

/// O04.
#[test]
fn a_loopback_uri_is_accepted_with_any_port_and_nothing_else_changed() {
    let uri = registered("http://127.0.0.1/cb");
    for good in ["http://127.0.0.1:51004/cb", "http://127.0.0.1/cb"] {
        assert!(uri.accepts(good), "{good}");
    }
    for bad in [
        "http://localhost:51004/cb",
        "http://127.0.0.1.evil/cb",
        "http://127.1:51004/cb",
        "https://127.0.0.1/cb",
        "https://127.0.0.1:51004/cb",
        "http://127.0.0.1:51004/cb2",
        "http://127.0.0.1:51004/cb?x",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:1@evil/cb",
        "http://[::1]:51004/cb",
    ] {
        assert!(!uri.accepts(bad), "{bad}");
    }
    assert!(registered("http://[::1]/cb").accepts("http://[::1]:51004/cb"));
    assert!(registered("http://127.0.0.1:8000/cb").accepts("http://127.0.0.1:9000/cb"));
    assert!(!registered("https://app.example:8443/cb").accepts("https://app.example:9443/cb"));
}

#[test]
fn parameters_are_added_behind_those_that_are_there() {
    let state = [("code", "cxc_1"), ("state", "a b&c=\"><script>ü")];
    let encoded = "code=cxc_1&state=a%20b%26c%3D%22%3E%3Cscript%3E%C3%BC";
    assert_eq!(with_parameters("https://a.example/cb", &state), format!("https://a.example/cb?{encoded}"));
    assert_eq!(with_parameters("https://a.example/cb?x=1", &state), format!("https://a.example/cb?x=1&{encoded}"));
    assert_eq!(with_parameters("https://a.example/cb?", &state), format!("https://a.example/cb?{encoded}"));
}

#[test]
fn an_origin_is_what_a_browser_calls_it() {
    assert_eq!(registered("https://app.example:8443/cb?x").origin(), "https://app.example:8443");
    assert_eq!(registered("http://[::1]/cb").origin(), "http://[::1]");
    assert_eq!(origin("http://127.0.0.1:51004/cb"), "http://127.0.0.1:51004");
}

proptest! {
    #[test]
    fn nothing_but_itself_is_accepted_by_a_secure_uri(sent in "(https?://)?[a-z.@:\\\\/?#%]{0,30}") {
        let uri = registered("https://a.b/c");
        prop_assert_eq!(uri.accepts(&sent), sent == "https://a.b/c");
    }
    #[test]
    fn no_text_makes_parsing_or_comparing_panic(text in "(https?://)?\\PC{0,40}") {
        let _ = RedirectUri::parse(&text);
        let _ = registered("http://127.0.0.1/cb").accepts(&text);
        let _ = origin(&text);
    }
    #[test]
    fn what_is_registered_accepts_itself(text in "https://[a-z]{1,5}\\.[a-z]{2,5}(:[1-9][0-9]{1,3})?/[a-z/]{0,9}") {
        if let Ok(uri) = RedirectUri::parse(&text) {
            prop_assert!(uri.accepts(&text));
        }
    }
}
