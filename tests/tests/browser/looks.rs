//! Whether pages can be read: on a phone, in the light and in the dark. Takes the documentation's pictures of them on the way.

use std::path::PathBuf;
use std::{env, fs};

use connix_tests::{Chromium, Server, eventually, on_every_store};

use crate::application::Application;
use crate::person::Person;

on_every_store![every_page_fits_a_phone_and_can_be_read_in_the_light_and_in_the_dark];

const DESKTOP: (u32, u32) = (800, 540);
const PHONE: (u32, u32) = (360, 640);

/// Every text of the page, with the ratio of its colour to what is behind it.
const CONTRASTS: &str = include_str!("contrasts.js");
/// WCAG 2.2, 1.4.3 (AA), for text of ordinary size.
const LOWEST_CONTRAST: f64 = 4.5;

/// The pages that the documentation shows.
const PICTURED: [&str; 3] = ["sign-in", "consent", "account"];

/// Where pictures are wanted: `make screenshots`.
fn pictures() -> Option<PathBuf> {
    env::var_os("CONNIX_SCREENSHOTS").map(PathBuf::from)
}

async fn every_page_fits_a_phone_and_can_be_read_in_the_light_and_in_the_dark(server: &Server) {
    let tenant = server.tenant();
    // Long words are what pushes a page out of a phone; pictures are of ordinary ones.
    let (name, email) = match pictures() {
        Some(_) => ("Tide Tables".to_owned(), "ada@example.com".to_owned()),
        None => ("Tide".repeat(25), format!("{}@example.com", "ada".repeat(20))),
    };
    let mut application = Application::registered(server, &tenant.client, &name).await;
    let person = Person::new(server.member_at(&tenant.organisation, "member", &email)).await;
    let browser = &person.browser;

    browser.visit(&format!("{}/console/consent?request=ended", application.issuer)).await;
    browser.shows("This did not work").await;
    look(browser, "message").await;
    browser.visit(application.asks_for("read write").url.as_str()).await;
    browser.shows("Sign in").await;
    look(browser, "sign-in").await;
    person.tries("not the password at all").await;
    eventually("what went wrong", async || browser.text("[role=alert]").await).await;
    look(browser, "sign-in-again").await;
    person.tries_again().await;
    browser.shows(&format!("{name} wants to act for you")).await;
    look(browser, "consent").await;
    let (_, ()) = tokio::join!(application.answer(), person.chooses("Allow"));
    browser.visit(&format!("{}/console", application.issuer)).await;
    browser.shows("Your account").await;
    look(browser, "account").await;
}

async fn look(browser: &Chromium, page: &str) {
    for scheme in ["dark", "light"] {
        browser.prefers(scheme).await;
        let texts = browser.find(CONTRASTS).await;
        let texts = texts.as_array().unwrap();
        assert!(!texts.is_empty(), "{page} says nothing");
        for text in texts {
            assert!(text["ratio"].as_f64().unwrap() >= LOWEST_CONTRAST, "{page}, {scheme}: {text}");
        }
    }
    for (screen, size) in [("phone", PHONE), ("desktop", DESKTOP)] {
        browser.resize(size).await;
        let (width, height) = browser.extent().await;
        assert!(width <= size.0, "{page} is {width} wide, too much for a {screen}");
        if let Some(folder) = pictures().filter(|_| PICTURED.contains(&page)) {
            browser.resize((width, height)).await;
            fs::write(folder.join(format!("{page}-{screen}.png")), browser.picture().await).unwrap();
        }
    }
}
