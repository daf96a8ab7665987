//! A headless Chromium, driven over WebDriver by a chromedriver of its own: pages as people meet them.

use std::env;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::cdp::domains::emulation::{MediaFeature, SetEmulatedMedia};
use thirtyfour::{By, ChromiumLikeCapabilities, DesiredCapabilities, Key, LoggingPrefsLogLevel, WebDriver};

use crate::environment::isolate;
use crate::eventually;
use crate::lifeline::Lifeline;

/// Longest time from the start of chromedriver to its first answer.
const START_LIMIT: Duration = Duration::from_secs(30);

/// What to do where there is none.
const INSTALL: &str = "install chromium and chromium-driver of one version (`.ci/with-chromium` does), or name a driver by CONNIX_CHROMEDRIVER";

/// As root there is no sandbox, and nothing but our own pages is ever shown. Without the rest Chromium asks its maker's hosts for news.
const ARGUMENTS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/// A browser that nobody has used, and in which pages cannot run scripts. Ended, and its folder removed, when dropped.
#[derive(Debug)]
pub struct Chromium {
    session: WebDriver,
    /// Before the folder: its files are removed when nobody writes them any longer.
    _driver: Driver,
    _folder: TempDir,
}

/// A chromedriver and the browsers that it started: one process group.
#[derive(Debug)]
struct Driver {
    child: Child,
    _lifeline: Lifeline,
}

impl Chromium {
    /// One more.
    pub async fn start() -> Self {
        // The browser makes sockets in it, whose paths are 107 bytes at most.
        let folder = tempfile::Builder::new().prefix("connix-chromium-").tempdir_in("/tmp").unwrap();
        let driver = Driver::start(folder.path());
        let address = driver.address(folder.path());
        let mut wanted = DesiredCapabilities::chrome();
        for argument in ARGUMENTS {
            wanted.add_arg(argument).unwrap();
        }
        wanted.add_arg(&format!("--user-data-dir={}", folder.path().join("profile").display())).unwrap();
        wanted.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
        let session = WebDriver::new(format!("http://{address}"), wanted).await;
        let session = session.unwrap_or_else(|error| panic!("chromedriver starts no Chromium: {error}; {INSTALL}"));
        let browser = Self { session, _driver: driver, _folder: folder };
        browser.tell("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
        browser
    }

    /// Opens an address, as if it had been typed.
    pub async fn visit(&self, url: &str) {
        self.session.goto(url).await.unwrap();
    }

    /// Waits until a page with this heading is shown.
    pub async fn shows(&self, heading: &str) {
        eventually(&format!("a page with the heading {heading:?}"), async || {
            self.text("h1").await.filter(|h| h == heading)
        })
        .await;
    }

    /// The text of the first element that a CSS selector finds.
    pub async fn text(&self, selector: &str) -> Option<String> {
        self.session.find(By::Css(selector)).await.ok()?.text().await.ok()
    }

    /// The page's title.
    pub async fn title(&self) -> String {
        self.session.title().await.unwrap()
    }

    /// Types into whatever has the focus.
    pub async fn types(&self, text: &str) {
        self.session.active_element().await.unwrap().send_keys(text).await.unwrap();
    }

    /// Presses Enter.
    pub async fn enter(&self) {
        self.press(Key::Enter).await;
    }

    /// Presses Tab until the focus is on the field with this label or on the button with this text, and can be seen there. Fails the
    /// test when nothing of that kind can be reached.
    pub async fn tabs_to(&self, name: &str) {
        let mut passed = Vec::new();
        while passed.len() < 20 {
            let element = self.session.active_element().await.unwrap();
            let id = element.id().await.unwrap().unwrap_or_default();
            let label = self.text(&format!("label[for='{id}']")).await;
            let named = label.unwrap_or(element.text().await.unwrap());
            if named == name {
                let outline = element.css_value("outline-style").await.unwrap();
                assert_ne!(outline, "none", "nothing shows that {name:?} has the focus");
                return;
            }
            passed.push(named);
            self.press(Key::Tab).await;
        }
        panic!("{name:?} cannot be reached by Tab; passed {passed:?}");
    }

    /// Gives the window another size, in CSS pixels.
    pub async fn resize(&self, (width, height): (u32, u32)) {
        self.session.cdp().emulation().set_device_metrics_override(width, height, 1.0, false).await.unwrap();
    }

    /// Says what the user likes: `light` or `dark`.
    pub async fn prefers(&self, scheme: &str) {
        let feature = MediaFeature { name: "prefers-color-scheme".to_owned(), value: scheme.to_owned() };
        let media = SetEmulatedMedia { media: None, features: Some(vec![feature]) };
        self.session.cdp().send(media).await.unwrap();
    }

    /// What the page would take to be seen whole, in CSS pixels.
    pub async fn extent(&self) -> (u32, u32) {
        let metrics = self.tell("Page.getLayoutMetrics", json!({})).await;
        let side = |name: &str| u32::try_from(metrics["cssContentSize"][name].as_u64().unwrap()).unwrap();
        (side("width"), side("height"))
    }

    /// What a script of ours finds in the page; pages' own do not run.
    pub async fn find(&self, script: &str) -> Value {
        self.session.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// What the browser has complained of since it was asked last: broken policies, missing files.
    pub async fn complaints(&self) -> Vec<String> {
        self.session.browser_log().await.unwrap().into_iter().map(|entry| entry.message).collect()
    }

    /// What is to be seen now, as a PNG file.
    pub async fn picture(&self) -> Vec<u8> {
        self.session.screenshot_as_png().await.unwrap()
    }

    async fn press(&self, key: Key) {
        self.session.action_chain().send_keys(key).perform().await.unwrap();
    }

    async fn tell(&self, method: &str, parameters: Value) -> Value {
        self.session.cdp().send_raw(method, parameters).await.unwrap()
    }
}

impl Drop for Chromium {
    /// Its processes are ended by signal; asking them first would wait for an answer.
    fn drop(&mut self) {
        _ = self.session.clone().leak();
    }
}

impl Driver {
    fn start(folder: &Path) -> Self {
        let program = env::var_os("CONNIX_CHROMEDRIVER").unwrap_or_else(|| "chromedriver".into());
        let log = File::create(log_file(folder)).unwrap();
        let mut command = Command::new(&program);
        let place = folder.to_str().unwrap();
        isolate(&mut command, [("HOME", place), ("TMPDIR", place)]);
        command.arg("--port=0").process_group(0).current_dir(folder);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}; {INSTALL}", program.display()));
        let lifeline = Lifeline::tie_group(child.id(), folder);
        Self { child, _lifeline: lifeline }
    }

    /// Where it listens, which it says itself.
    fn address(&self, folder: &Path) -> SocketAddr {
        let begun = Instant::now();
        loop {
            let log = fs::read_to_string(log_file(folder)).unwrap();
            let told = log.lines().find_map(|line| line.strip_prefix("ChromeDriver was started successfully on port "));
            if let Some(port) = told.and_then(|port| port.trim_end_matches('.').parse::<u16>().ok()) {
                return SocketAddr::from(([127, 0, 0, 1], port));
            }
            assert!(begun.elapsed() < START_LIMIT, "chromedriver was not ready after {START_LIMIT:?}:\n{log}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        _ = killpg(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGKILL);
        _ = self.child.wait();
    }
}

fn log_file(folder: &Path) -> std::path::PathBuf {
    folder.join("chromedriver.log")
}
