//! The questions, and the time that each takes of each agent.

use crate::Outcome;
use crate::fill::{Filled, WEEK};
use chrono::Duration;
use connix_domain::log::LogLevel;
use connix_domain::page::{LogQuery, Window};
use connix_domain::port::store::Store;
use connix_domain::telemetry::{Interval, Period};
use connix_testkit::samples;
use std::time::Instant;

/// Each question is asked of each agent so often; the first round warms up.
const ROUNDS: usize = 400;

/// What can be asked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question {
    /// The newest page, and the total.
    Newest,
    /// The newest page of one rare level, and the total.
    NewestErrors,
    /// A page after so many hundredths of the lines, and the total.
    After(u64),
    /// The same of one rare level.
    ErrorsAfter(u64),
    /// A page of five days that begin and end inside a minute, and the total.
    Between,
    /// Everything that the metrics of an agent are drawn from: tasks with percentiles, and resources.
    Metrics {
        /// Of so many days.
        days: i64,
        /// In these.
        interval: Interval,
    },
    /// What an agent's tasks came to in all.
    Totals,
    /// What a project used in a week.
    Usage,
}

/// All of them, with what they are called.
pub(crate) const QUESTIONS: &[(&str, Question)] = &[
    ("logs: newest 100 + total", Question::Newest),
    ("logs: newest 100 errors + total", Question::NewestErrors),
    ("logs: 100 after 5 % + total", Question::After(5)),
    ("logs: 100 after a half + total", Question::After(50)),
    ("logs: 100 after 99 % + total", Question::After(99)),
    ("logs: 100 errors after a half + total", Question::ErrorsAfter(50)),
    ("logs: 100 of a part of the time + total", Question::Between),
    ("metrics: a day by 1h", Question::Metrics { days: 1, interval: Interval::Hour }),
    ("metrics: a week by 1h", Question::Metrics { days: 7, interval: Interval::Hour }),
    ("metrics: a week by 15m", Question::Metrics { days: 7, interval: Interval::QuarterHour }),
    ("stats of an agent", Question::Totals),
    ("usage of a project, a week by 1h", Question::Usage),
];

/// A question, and for each agent the time that it takes in microseconds.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) times: Vec<f64>,
}

/// Asks every question of every agent by turns, so that whatever else happens on the machine happens to all.
pub(crate) async fn ask(store: &dyn Store, filled: &[Filled]) -> Outcome<Vec<Row>> {
    let mut rows = Vec::with_capacity(QUESTIONS.len());
    for (name, question) in QUESTIONS {
        let mut times = vec![Vec::with_capacity(ROUNDS); filled.len()];
        for round in 0..=ROUNDS {
            for (agent, times) in filled.iter().zip(&mut times) {
                let begun = Instant::now();
                answered(store, agent, *question).await?;
                if round > 0 {
                    times.push(begun.elapsed().as_secs_f64() * 1e6);
                }
            }
        }
        rows.push(Row { name, times: times.into_iter().map(quartile).collect() });
    }
    Ok(rows)
}

/// What a quarter of the times stays below. On a machine that does other work too, about half of them hold a turn of somebody
/// else's, so that the median is now with it, now without.
fn quartile(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 4).copied().unwrap_or_default()
}

/// Asks once. An answer that cannot be right is an error: what is fast must be true as well.
async fn answered(store: &dyn Store, of: &Filled, question: Question) -> Outcome<()> {
    match question {
        Question::Newest => page(store, of, lines(of, None, 0)).await,
        Question::NewestErrors => page(store, of, lines(of, Some(LogLevel::Error), 0)).await,
        Question::After(part) => page(store, of, lines(of, None, of.rows * part / 100)).await,
        Question::ErrorsAfter(part) => {
            page(store, of, lines(of, Some(LogLevel::Error), of.rows / 20 * part / 100)).await
        }
        Question::Between => {
            let start = Some(samples::noon() + Duration::minutes(77));
            let end = Some(samples::noon() + Duration::days(5));
            page(store, of, LogQuery { start, end, ..lines(of, None, 0) }).await
        }
        Question::Metrics { days, interval } => metrics(store, of, days, interval).await,
        Question::Totals => {
            let totals = store.task_totals(of.scope, of.agent.id).await?;
            expect(totals.figures.created as u64 == of.rows)
        }
        Question::Usage => {
            let usage = store.usage_report(of.scope, of.project.id, &last(7, Interval::Hour)?).await?;
            expect(usage.total.len() == 1)
        }
    }
}

fn lines(of: &Filled, level: Option<LogLevel>, offset: u64) -> LogQuery {
    let window = Window { limit: 100, offset: offset as i64 };
    LogQuery { agent: of.agent.id, level, start: None, end: None, window }
}

async fn page(store: &dyn Store, of: &Filled, query: LogQuery) -> Outcome<()> {
    let page = store.logs(of.scope, &query).await?;
    expect(page.items.len() == 100 && (query.level.is_some() || query.start.is_some() || page.total as u64 == of.rows))
}

/// So many days until the last of what was filled; they begin and end inside a minute.
fn last(days: i64, interval: Interval) -> Outcome<Period> {
    let end = samples::noon() + WEEK;
    Ok(Period::new(end - Duration::days(days), end, interval)?)
}

async fn metrics(store: &dyn Store, of: &Filled, days: i64, interval: Interval) -> Outcome<()> {
    let period = last(days, interval)?;
    let tasks = store.task_report(of.scope, of.agent.id, &period).await?;
    let used = store.resource_report(of.scope, of.agent.id, &period).await?;
    let counted = tasks.total.ended() as u64;
    expect(counted.abs_diff(of.rows * days as u64 / 7) <= 1 && used.sources.cpu.is_some())
}

fn expect(right: bool) -> Outcome<()> {
    if right { Ok(()) } else { Err("an answer was wrong".into()) }
}
