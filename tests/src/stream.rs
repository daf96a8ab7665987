//! Streams of server-sent events, read byte by byte from a socket, so that a test decides how fast.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::Client;

/// Longest time to wait for the next event.
const LIMIT: Duration = Duration::from_secs(30);

/// A stream that is being read.
#[derive(Debug)]
pub struct EventStream {
    /// Status of the answer.
    pub status: u16,
    /// The answer's head, as text.
    pub head: String,
    /// The comments that came so far.
    pub comments: usize,
    from: BufReader<TcpStream>,
    /// What has come and is not a whole event yet.
    pending: String,
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Where to go on after it; none for what is not a part of the sequence.
    pub id: Option<i64>,
    /// What happened.
    pub name: String,
    /// Its data.
    pub data: Value,
}

impl Client {
    /// Opens a stream, after the event `last` if one is given.
    pub async fn stream(&self, path: &str, last: Option<i64>) -> EventStream {
        let socket = TcpSocket::new_v4().unwrap();
        EventStream::open(socket.connect(self.address()).await.unwrap(), &self.stream_request(path, last)).await
    }

    /// The same with next to no buffer on our side, so that not to read is noticed at once.
    pub async fn stream_slowly(&self, path: &str) -> EventStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        EventStream::open(socket.connect(self.address()).await.unwrap(), &self.stream_request(path, None)).await
    }

    fn stream_request(&self, path: &str, last: Option<i64>) -> String {
        let last = last.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
        format!(
            "GET {path} HTTP/1.1\r\nHost: test\r\nX-API-Key: {}\r\nAccept: text/event-stream\r\nAccept-Encoding: gzip\r\n{last}\r\n",
            self.key()
        )
    }
}

impl EventStream {
    async fn open(mut stream: TcpStream, request: &str) -> Self {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut from = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let count = timeout(LIMIT, from.read_line(&mut head)).await.unwrap().unwrap();
            assert!(count > 0, "the connection ended in the head: {head}");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, comments: 0, from, pending: String::new() }
    }

    /// The next event; none when the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        timeout(LIMIT, self.read_event()).await.unwrap_or_else(|_| panic!("no event within {LIMIT:?}"))
    }

    /// The next events, which must come.
    pub async fn take(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.next().await.unwrap_or_else(|| panic!("the stream ended after {events:?}")));
        }
        events
    }

    /// Everything up to the end of the stream.
    pub async fn rest(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }

    /// Reads until a comment has come.
    pub async fn comment(&mut self) {
        let before = self.comments;
        while self.comments == before {
            let chunk = timeout(LIMIT, self.chunk()).await.unwrap();
            self.pending += &chunk.expect("the stream goes on");
            self.skip_what_holds_no_data();
        }
    }

    async fn read_event(&mut self) -> Option<Event> {
        loop {
            self.skip_what_holds_no_data();
            if let Some((text, rest)) = self.pending.split_once("\n\n") {
                let (event, rest) = (Event::read(text), rest.to_owned());
                self.pending = rest;
                return event;
            }
            let chunk = self.chunk().await?;
            self.pending += &chunk;
        }
    }

    fn skip_what_holds_no_data(&mut self) {
        while let Some((text, rest)) = self.pending.split_once("\n\n").filter(|(text, _)| Event::read(text).is_none()) {
            self.comments += usize::from(text.starts_with(':'));
            self.pending = rest.to_owned();
        }
    }

    /// The next chunk of the body; none at its end, also when the connection is cut.
    async fn chunk(&mut self) -> Option<String> {
        let mut size = String::new();
        self.from.read_line(&mut size).await.ok()?;
        let size = usize::from_str_radix(size.trim(), 16).ok().filter(|size| *size > 0)?;
        let mut bytes = vec![0; size + 2];
        self.from.read_exact(&mut bytes).await.ok()?;
        bytes.truncate(size);
        Some(String::from_utf8(bytes).expect("events are whole characters"))
    }
}

impl Event {
    /// None for what holds no data.
    fn read(text: &str) -> Option<Self> {
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let data = serde_json::from_str(field("data")?).unwrap();
        Some(Self { id: field("id").map(|id| id.parse().unwrap()), name: field("event").unwrap().to_owned(), data })
    }
}
