//! What a program that is an MCP server says: lines, of bounded length.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// What was noticed while reading. Copies see the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Noticed(Arc<Notes>);

#[derive(Debug, Default)]
struct Notes {
    too_long: AtomicBool,
    garbage: AtomicU64,
}

impl Noticed {
    /// A line was longer than is taken.
    pub(super) fn too_long(&self) -> bool {
        self.0.too_long.load(Ordering::Relaxed)
    }

    /// Lines that are no message: something else is printed where messages belong.
    pub(super) fn garbage(&self) -> u64 {
        self.0.garbage.load(Ordering::Relaxed)
    }
}

/// A stream of lines that ends where a line is too long: what reads it otherwise waits for the rest for ever.
pub(super) struct BoundedLines<R> {
    inner: R,
    most: usize,
    in_line: usize,
    noticed: Noticed,
}

impl<R> BoundedLines<R> {
    pub(super) fn new(inner: R, most: usize, noticed: Noticed) -> Self {
        Self { inner, most, in_line: 0, noticed }
    }

    /// Looks at what was read; false when a line is too long.
    fn look_at(&mut self, read: &[u8]) -> bool {
        for byte in read {
            if *byte == b'\n' {
                self.in_line = 0;
                continue;
            }
            if self.in_line == 0 && !matches!(byte, b'{' | b'[' | b' ' | b'\t' | b'\r' | 0xef) {
                self.noticed.0.garbage.fetch_add(1, Ordering::Relaxed);
            }
            self.in_line += 1;
            if self.in_line > self.most {
                self.noticed.0.too_long.store(true, Ordering::Relaxed);
                return false;
            }
        }
        true
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for BoundedLines<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.noticed.too_long() {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let goes_on = self.look_at(&buffer.filled()[before..]);
        if !goes_on {
            buffer.set_filled(before);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    async fn read(text: &str, most: usize) -> (String, Noticed) {
        let noticed = Noticed::default();
        let mut lines = BoundedLines::new(text.as_bytes(), most, noticed.clone());
        let mut read = String::new();
        lines.read_to_string(&mut read).await.unwrap();
        (read, noticed)
    }

    #[tokio::test]
    async fn lines_within_the_bound_pass_and_what_is_no_message_is_counted() {
        let text = "{\"a\":1}\nwelcome!\n\n{\"b\":2}\r\n12345678";
        let (passed, noticed) = read(text, 9).await;
        assert_eq!((passed.as_str(), noticed.garbage(), noticed.too_long()), (text, 2, false));
    }

    #[tokio::test]
    async fn the_stream_ends_at_a_line_that_is_too_long() {
        let (passed, noticed) = read("{\"a\":1}\n{\"too\":\"long\"}\n", 8).await;
        assert!(noticed.too_long() && !passed.contains("long"), "{passed}");
    }
}
