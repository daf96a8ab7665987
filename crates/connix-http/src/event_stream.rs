//! Answers that do not end: server-sent events (WHATWG HTML, section 9.2; contract sections 6 and 7).
//!
//! A stream is sent as fast as its reader takes it: the next events are read from the store only when the last ones are on their
//! way, so that a reader costs the same memory however slow it is.

use crate::call::Call;
use crate::compress::wishes;
use crate::problem::Problem;
use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, HeaderName, HeaderValue};
use actix_web::web::{Bytes, Data};
use connix_application::{App, Error, Next, Over};
use futures_util::stream;
use serde::Serialize;
use std::convert::Infallible;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// The media type.
pub(crate) const MEDIA_TYPE: &str = "text/event-stream";
const LAST_EVENT_ID: &str = "last-event-id";
/// Tells nginx and its like to hand on what comes as it comes.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
/// The first bytes: a reader that lost its connection is to come back after a second.
const OPENING: &str = "retry: 1000\n\n";

/// How streams are kept alive.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// A stream on which nothing happened says so after this time.
    pub heartbeat: Duration,
    /// A reader that has not taken what was sent to it for longer is dropped.
    pub patience: Duration,
}

/// What happens, one after the other.
pub(crate) trait Source: 'static {
    /// What comes next.
    type Item;

    /// Waits for it at most `longest`.
    async fn next(&mut self, longest: Duration) -> Result<Next<Self::Item>, Error>;

    /// Adds it to what is sent.
    fn tell(item: &Self::Item, events: &mut Events);
}

/// Events that are about to be sent.
#[derive(Debug, Default)]
pub(crate) struct Events(String);

impl Events {
    /// Adds an event that a reader can go on after.
    pub(crate) fn add(&mut self, id: i64, name: &str, data: &impl Serialize) {
        let data = serde_json::to_string(data).unwrap_or_default();
        _ = write!(self.0, "id: {id}\nevent: {name}\ndata: {data}\n\n");
    }

    /// Adds the event that says why nothing more comes. It has no id: a reader goes on after the last one that had one.
    fn close(&mut self, reason: &str) {
        _ = write!(self.0, "event: closed\ndata: {{\"reason\":\"{reason}\"}}\n\n");
    }
}

/// Whether the caller asks for a stream rather than for JSON.
pub(crate) fn is_wanted(request: &HttpRequest) -> bool {
    let wishes = wishes(request.headers(), &ACCEPT);
    let quality =
        |media_type: &str| wishes.iter().find(|(name, _)| name == media_type).map_or(0, |(_, quality)| *quality);
    let stream = quality(MEDIA_TYPE);
    stream > 0 && stream >= quality("application/json")
}

/// After which event the caller wants to go on: `Last-Event-ID`, which a browser sends when it comes back, before the parameter
/// `after`, with which it came the first time.
///
/// # Errors
/// 400 unless the header is a number from 0.
pub(crate) fn resumed(request: &HttpRequest, after: Option<i64>) -> Result<Option<i64>, Problem> {
    let Some(header) = request.headers().get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else { return Ok(after) };
    let digits = header.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.and_then(|text| text.parse().ok()) {
        Some(id) => Ok(Some(id)),
        None => Err(Problem::header("Last-Event-ID", "must be the id of an event of this stream")),
    }
}

/// Answers with what a source gives.
///
/// # Errors
/// 500 when the listener was given no pace.
pub(crate) fn respond<S: Source>(call: &Call, source: S) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::Ok();
    response.content_type(MEDIA_TYPE).insert_header(UNBUFFERED);
    if call.request().method() == Method::HEAD {
        return Ok(response.finish());
    }
    let pace = call.request().app_data::<Data<Pace>>().ok_or_else(|| Problem::internal("the listener has no pace"))?;
    let (app, pace) = (call.app.clone(), ***pace);
    let sending = Sending { source, pace, handed_on: None, over: false, _open: Open::new(app) };
    Ok(response.streaming(stream::unfold(sending, |mut sending| async {
        let events = sending.next().await?;
        sending.handed_on = Some(Instant::now());
        Some((Ok::<_, Infallible>(Bytes::from(events)), sending))
    })))
}

/// A stream on its way. Dropped when its reader is gone.
struct Sending<S> {
    source: S,
    pace: Pace,
    /// When the last events were handed on; the next ones are asked for when there is room for them.
    handed_on: Option<Instant>,
    over: bool,
    _open: Open,
}

impl<S: Source> Sending<S> {
    /// The next bytes; `None` ends the stream.
    async fn next(&mut self) -> Option<String> {
        if self.over {
            return None;
        }
        let Some(handed_on) = self.handed_on else { return Some(OPENING.to_owned()) };
        let mut events = Events::default();
        if handed_on.elapsed() > self.pace.patience {
            self.over = true;
            events.close("slow_reader");
            return Some(events.0);
        }
        match self.source.next(self.pace.heartbeat).await {
            Ok(Next::More(item)) => S::tell(&item, &mut events),
            Ok(Next::Quiet) => events.0.push_str(": ping\n\n"),
            Ok(Next::Over(Over::Told)) => return None,
            Ok(Next::Over(over)) => {
                self.over = true;
                events.close(if over == Over::Gone { "gone" } else { "server_is_ending" });
            }
            Err(error) => {
                tracing::warn!(%error, "a stream is cut off; its reader comes back for the rest");
                return None;
            }
        }
        Some(events.0)
    }
}

/// Counts a stream as long as it lives.
struct Open(Data<App>);

impl Open {
    fn new(app: Data<App>) -> Self {
        app.metrics().streams(1);
        Self(app)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.metrics().streams(-1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use serde_json::json;

    #[test]
    fn an_event_is_one_line_of_data_whatever_it_says() {
        let mut events = Events::default();
        events.add(7, "log", &json!({ "message": "two\nlines\r\n\nid: 8" }));
        assert_eq!(events.0, "id: 7\nevent: log\ndata: {\"message\":\"two\\nlines\\r\\n\\nid: 8\"}\n\n");
    }

    #[test]
    fn a_stream_is_sent_to_those_who_name_it() {
        for (accepted, wanted) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; q=0.5", true),
            ("application/json, text/event-stream", true),
            ("application/json, text/event-stream;q=0.9", false),
            ("text/event-stream;q=0", false),
            ("application/json", false),
            ("text/*", false),
            ("*/*", false),
            ("", false),
        ] {
            let request = TestRequest::get().insert_header((ACCEPT, accepted)).to_http_request();
            assert_eq!(is_wanted(&request), wanted, "{accepted}");
        }
        assert!(!is_wanted(&TestRequest::get().to_http_request()));
    }

    #[test]
    fn the_header_of_who_comes_back_goes_before_the_parameter() {
        let with = |id: &'static str| TestRequest::get().insert_header((LAST_EVENT_ID, id)).to_http_request();
        assert_eq!(resumed(&with("17"), Some(3)).ok(), Some(Some(17)));
        assert_eq!(resumed(&with(""), Some(3)).ok(), Some(Some(3)));
        assert_eq!(resumed(&TestRequest::get().to_http_request(), None).ok(), Some(None));
        for bad in ["x", "-1", "1.5", "99999999999999999999", "+1"] {
            assert!(resumed(&with(bad), Some(3)).is_err(), "{bad}");
        }
    }
}
