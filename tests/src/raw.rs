//! Bytes on a socket, for requests that no HTTP library would send.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longest time to wait for an answer and for the connection's end.
const LIMIT: Duration = Duration::from_secs(20);

/// What came back on a connection until the server closed it.
#[derive(Debug)]
pub struct RawAnswer {
    /// Everything, as text.
    pub text: String,
}

impl RawAnswer {
    /// Status of the first answer; none when the connection was closed without one.
    pub fn status(&self) -> Option<u16> {
        self.text.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()
    }

    /// How many answers there are.
    pub fn answers(&self) -> usize {
        self.text.matches("HTTP/1.1 ").count()
    }

    /// What follows the first answer's head.
    pub fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    /// A header of the first answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (head, _) = self.text.split_once("\r\n\r\n")?;
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// Fails the test unless the first answer has this status and, when it has a JSON body, this error code in it.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!(self.status(), Some(status), "{}", self.text);
        let expected = format!("\"code\":\"{code}\"");
        assert!(self.body().replace(": ", ":").contains(&expected), "{expected} in {}", self.text);
        let id = self.header("x-request-id").unwrap_or_else(|| panic!("no request id: {}", self.text));
        assert!(self.body().contains(id), "{}", self.text);
    }
}

/// Sends `bytes` to `address` and reads until the server closes the connection, which it must do within 20 seconds.
///
/// The server may answer and close before it has read everything; what it said counts.
pub async fn exchange(address: SocketAddr, bytes: impl AsRef<[u8]>) -> RawAnswer {
    converse(address, &[bytes.as_ref()], Duration::ZERO).await
}

/// As [`exchange`], in `pieces` with `pause` before each but the first. Without end of input: the server has to give up.
pub async fn exchange_slowly(address: SocketAddr, pieces: &[&[u8]], pause: Duration) -> RawAnswer {
    converse(address, pieces, pause).await
}

/// Sends `bytes` and hangs up without waiting for an answer.
pub async fn hang_up_after(address: SocketAddr, bytes: impl AsRef<[u8]>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_ref()).await.unwrap();
    stream.shutdown().await.unwrap();
}

async fn converse(address: SocketAddr, pieces: &[&[u8]], pause: Duration) -> RawAnswer {
    let (mut from, mut to) = TcpStream::connect(address).await.unwrap().into_split();
    let send = async {
        for (index, piece) in pieces.iter().enumerate() {
            if index > 0 {
                tokio::time::sleep(pause).await;
            }
            if to.write_all(piece).await.is_err() {
                break;
            }
        }
    };
    let mut answer = Vec::new();
    let receive = async {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            answer.extend_from_slice(&buffer[..count]);
        }
    };
    let closed = timeout(LIMIT, async { tokio::join!(send, receive) }).await;
    let text = String::from_utf8_lossy(&answer).into_owned();
    assert!(closed.is_ok(), "the server did not close the connection: {text}");
    RawAnswer { text }
}
