//! The console (`reliability.md` 2.5 and table L): signing in, sessions, forms. How its pages look in a browser, `tests/browser` tells.

mod forged_forms;
mod guessing;
mod pages;
mod passwords;
mod sessions;
mod upstream;

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

use connix_tests::{Answer, Browser, Form, Server};

/// A browser at an address that no other case has: wrong guesses are counted by address.
fn browser_elsewhere(server: &Server) -> Browser {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let address = Ipv4Addr::from_bits(Ipv4Addr::new(127, 1, 0, 0).to_bits() + NEXT.fetch_add(1, Ordering::Relaxed));
    Browser::new(&server.anonymous().from(address.into()))
}

/// Tries to sign in.
async fn try_to_sign_in(browser: &mut Browser, email: &str, password: &str) -> Answer {
    let form = browser.get("/console/sign-in").await.form(200);
    browser.submit(&form.with("email", email).with("password", password)).await
}

/// Whether somebody is signed in.
async fn is_signed_in(browser: &mut Browser) -> bool {
    let answer = browser.get("/console").await;
    match answer.status {
        200 => true,
        303 => {
            assert_eq!(answer.header("location"), Some("/console/sign-in"), "{}", answer.title);
            false
        }
        other => panic!("{}: {other}: {}", answer.title, answer.text()),
    }
}

/// The forms of the account page that are sent to `action`.
async fn forms_to(browser: &mut Browser, action: &str) -> Vec<Form> {
    let forms = browser.get("/console").await.forms(200);
    forms.into_iter().filter(|form| form.action == action).collect()
}
