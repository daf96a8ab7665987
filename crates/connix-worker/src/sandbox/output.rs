//! What is kept of what a program prints: its beginning and its end, whatever lies between.

use std::collections::VecDeque;

use connix_redaction as redaction;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Head and tail of a stream of any length, in bounded memory.
#[derive(Debug)]
pub(crate) struct HeadAndTail {
    most: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    seen: u64,
}

impl HeadAndTail {
    /// Keeps `most` bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, head: Vec::new(), tail: VecDeque::new(), seen: 0 }
    }

    /// Reads to the end of the stream, or until it is dropped. What is kept went through `redaction` first: of a secret that is
    /// cut apart a part would be left.
    pub(crate) async fn read(&mut self, mut stream: impl AsyncRead + Unpin, mut redaction: redaction::Stream<'_>) {
        let mut chunk = vec![0; 64 << 10];
        while let Ok(read @ 1..) = stream.read(&mut chunk).await {
            self.take(&redaction.push(&chunk[..read]));
        }
        self.take(&redaction.finish());
    }

    fn take(&mut self, bytes: &[u8]) {
        self.seen += bytes.len() as u64;
        let free = (self.most / 2).saturating_sub(self.head.len()).min(bytes.len());
        let (first, rest) = bytes.split_at(free);
        self.head.extend_from_slice(first);
        let most = self.most - self.most / 2;
        let rest = &rest[rest.len().saturating_sub(most)..];
        let surplus = (self.tail.len() + rest.len()).saturating_sub(most);
        self.tail.drain(..surplus);
        self.tail.extend(rest);
    }

    /// As text that any store takes: what is not UTF-8, and NUL, are replaced; what is missing is said in the middle.
    pub(crate) fn text(mut self) -> String {
        let missing = self.seen - (self.head.len() + self.tail.len()) as u64;
        let mut kept = self.head;
        let tail = self.tail.make_contiguous();
        if missing > 0 {
            let text = format!("{}\n… {missing} bytes left out …\n{}", lossy(&kept), lossy(tail));
            return text;
        }
        kept.extend_from_slice(tail);
        lossy(&kept)
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(most: usize, chunks: &[&[u8]]) -> String {
        let mut output = HeadAndTail::new(most);
        chunks.iter().for_each(|chunk| output.take(chunk));
        output.text()
    }

    #[test]
    fn what_fits_is_kept_whole_however_it_is_cut() {
        assert_eq!(kept(8, &[b"ab", b"cdefg", b"h"]), "abcdefgh");
        assert_eq!(kept(8, &[b"abcdefgh"]), "abcdefgh");
        assert_eq!(kept(6, &["aäa".as_bytes(), "ä".as_bytes()]), "aäaä", "a character may lie across the middle");
    }

    #[test]
    fn of_more_the_beginning_and_the_end_are_kept() {
        let expected = "abcd\n… 3 bytes left out …\nhijk";
        assert_eq!(kept(8, &[b"abcdefghijk"]), expected);
        let bytes: Vec<&[u8]> = b"abcdefghijk".chunks(1).collect();
        assert_eq!(kept(8, &bytes), expected);
    }

    #[test]
    fn what_is_no_text_becomes_one() {
        assert_eq!(kept(16, &[b"a\0b\xffc"]), "a\u{fffd}b\u{fffd}c");
    }

    #[test]
    fn memory_stays_flat() {
        let mut output = HeadAndTail::new(64 << 10);
        let chunk = [b'x'; 100_000];
        (0..1000).for_each(|_| output.take(&chunk));
        assert!(output.tail.capacity() <= 128 << 10 && output.head.capacity() <= 64 << 10);
    }
}
