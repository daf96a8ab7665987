//! Lines that wait for delivery, within bounds.

use std::collections::VecDeque;

use connix_worker_protocol::log::{AppendLogs, LogLevel, LogLine};
use serde_json::{Map, json};

use crate::clock;

/// Bytes that may wait.
const MOST_WAITING: usize = 4 << 20;
/// Bytes and lines of one call.
const MOST_SENT: usize = 128 << 10;
const MOST_LINES: usize = 500;
/// Bytes of one message; the rest is cut off.
const MOST_MESSAGE: usize = 16 << 10;

/// Lines in order. A batch that was taken keeps its numbers until it is accepted, so that sending it again is harmless;
/// lines that still wait have none yet, so that dropping some leaves no gap.
#[derive(Debug, Default)]
pub(crate) struct LogBuffer {
    accepted_through: i64,
    sent: Vec<LogLine>,
    waiting: VecDeque<LogLine>,
    waiting_bytes: usize,
    dropped: u64,
}

impl LogBuffer {
    /// Adds a line, dropping others when there is no room: debug lines first, then info, then the oldest.
    pub(crate) fn push(&mut self, mut line: LogLine) {
        cut(&mut line.message, MOST_MESSAGE);
        self.waiting_bytes += size(&line);
        self.waiting.push_back(line);
        while self.waiting_bytes > MOST_WAITING {
            self.drop_one();
        }
    }

    /// The next lines to send, or those that were sent and not accepted yet; `None` when there are none.
    pub(crate) fn batch(&mut self) -> Option<AppendLogs> {
        if self.sent.is_empty() {
            self.take();
        }
        (!self.sent.is_empty()).then(|| AppendLogs { first_seq: self.accepted_through + 1, lines: self.sent.clone() })
    }

    /// The server has everything up to this number.
    pub(crate) fn accepted(&mut self, through: i64) {
        let newly = usize::try_from(through - self.accepted_through).unwrap_or(0).min(self.sent.len());
        self.sent.drain(..newly);
        self.accepted_through = self.accepted_through.max(through);
    }

    /// The server does not want what was sent last.
    pub(crate) fn refused(&mut self) {
        self.dropped += self.sent.len() as u64;
        self.sent.clear();
    }

    fn take(&mut self) {
        if self.dropped > 0 {
            self.sent.push(marker(std::mem::take(&mut self.dropped)));
        }
        let mut bytes = 0;
        while let Some(line) = self.waiting.front() {
            bytes += size(line);
            let full = bytes > MOST_SENT || self.sent.len() >= MOST_LINES;
            if full && !self.sent.is_empty() {
                break;
            }
            self.waiting_bytes -= size(line);
            self.sent.extend(self.waiting.pop_front());
        }
    }

    fn drop_one(&mut self) {
        let of_level = |level| self.waiting.iter().position(|line| line.level == level);
        let victim = of_level(LogLevel::Debug).or_else(|| of_level(LogLevel::Info)).unwrap_or(0);
        if let Some(line) = self.waiting.remove(victim) {
            self.waiting_bytes -= size(&line);
            self.dropped += 1;
        }
    }
}

fn marker(dropped: u64) -> LogLine {
    let mut context = Map::new();
    context.insert("dropped".into(), json!(dropped));
    let message = "Log lines were dropped: more were written than could be delivered".to_owned();
    LogLine { timestamp: clock::now(), level: LogLevel::Warn, message, context, task_id: None }
}

/// About what a line takes on the wire.
fn size(line: &LogLine) -> usize {
    let context: usize = line.context.iter().map(|(key, value)| key.len() + value.to_string().len()).sum();
    100 + line.message.len() + context
}

fn cut(text: &mut String, most: usize) {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(level: LogLevel, message: impl Into<String>) -> LogLine {
        LogLine { timestamp: clock::now(), level, message: message.into(), context: Map::new(), task_id: None }
    }

    fn everything(buffer: &mut LogBuffer) -> Vec<(i64, LogLine)> {
        let mut all = Vec::new();
        while let Some(batch) = buffer.batch() {
            let through = batch.first_seq + batch.lines.len() as i64 - 1;
            all.extend((batch.first_seq..).zip(batch.lines));
            buffer.accepted(through);
        }
        all
    }

    #[test]
    fn a_batch_keeps_its_numbers_until_it_is_accepted() {
        let mut buffer = LogBuffer::default();
        buffer.push(line(LogLevel::Info, "one"));
        let first = buffer.batch().unwrap();
        buffer.push(line(LogLevel::Info, "two"));
        assert_eq!(buffer.batch().unwrap(), first);
        buffer.accepted(1);
        let second = buffer.batch().unwrap();
        assert_eq!((second.first_seq, second.lines[0].message.as_str()), (2, "two"));
    }

    #[test]
    fn what_is_accepted_in_part_is_sent_again_in_part() {
        let mut buffer = LogBuffer::default();
        for message in ["one", "two", "three"] {
            buffer.push(line(LogLevel::Info, message));
        }
        assert_eq!(buffer.batch().unwrap().lines.len(), 3);
        buffer.accepted(2);
        let rest = buffer.batch().unwrap();
        assert_eq!((rest.first_seq, rest.lines.len()), (3, 1));
    }

    #[test]
    fn debug_lines_go_first_then_info_and_one_marker_counts_them() {
        let mut buffer = LogBuffer::default();
        let long = "x".repeat(16 << 10);
        buffer.push(line(LogLevel::Error, "kept"));
        for _ in 0..100 {
            buffer.push(line(LogLevel::Debug, &long));
            buffer.push(line(LogLevel::Info, &long));
        }
        for _ in 0..240 {
            buffer.push(line(LogLevel::Warn, &long));
        }
        let all = everything(&mut buffer);
        let levels: Vec<LogLevel> = all.iter().map(|(_, line)| line.level).collect();
        assert!(!levels.contains(&LogLevel::Debug));
        assert!(levels.contains(&LogLevel::Info));
        assert_eq!(all[0].1.context["dropped"], json!(441 + 1 - all.len()));
        assert_eq!(all[1].1.message, "kept");
        assert!(all.iter().map(|(number, _)| *number).eq(1..=all.len() as i64));
    }

    #[test]
    fn the_oldest_go_when_all_matter() {
        let mut buffer = LogBuffer::default();
        for number in 0..300 {
            buffer.push(line(LogLevel::Error, format!("{number} {}", "x".repeat(15 << 10))));
        }
        let all = everything(&mut buffer);
        assert!(all.len() < 300);
        assert!(all.last().unwrap().1.message.starts_with("299 "));
    }

    #[test]
    fn an_endless_message_is_cut_between_characters() {
        let mut buffer = LogBuffer::default();
        buffer.push(line(LogLevel::Info, "ä".repeat(100_000)));
        let message = &buffer.batch().unwrap().lines[0].message;
        assert!(message.len() <= MOST_MESSAGE + '…'.len_utf8());
        assert!(message.ends_with("ä…"));
    }

    #[test]
    fn a_refused_batch_is_counted_and_does_not_block_the_next() {
        let mut buffer = LogBuffer::default();
        buffer.push(line(LogLevel::Info, "bad"));
        buffer.batch();
        buffer.refused();
        buffer.push(line(LogLevel::Info, "good"));
        let batch = buffer.batch().unwrap();
        assert_eq!(batch.first_seq, 1);
        assert_eq!(batch.lines.len(), 2);
        assert_eq!(batch.lines[0].context["dropped"], json!(1));
    }
}
