//! What became of the requests.

use std::time::Duration;

use minato_service::limit::Priority;

/// How a request ended for its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// In time.
    Answered,
    TimedOut,
    Refused,
    Failed,
}

/// One request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// When it was sent.
    pub(crate) at: Duration,
    pub(crate) took: Duration,
    pub(crate) ending: Ending,
    pub(crate) priority: Priority,
}

/// All requests of a run, or some of them.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    outcomes: Vec<Outcome>,
}

impl Tally {
    pub(crate) fn new(outcomes: Vec<Outcome>) -> Self {
        Self { outcomes }
    }

    /// Those for which `is_wanted` says so.
    pub(crate) fn only(&self, is_wanted: impl Fn(&Outcome) -> bool) -> Self {
        Self { outcomes: self.outcomes.iter().filter(|outcome| is_wanted(outcome)).copied().collect() }
    }

    /// Those sent within a time.
    pub(crate) fn between(&self, from: Duration, to: Duration) -> Self {
        self.only(|outcome| outcome.at >= from && outcome.at < to)
    }

    pub(crate) fn len(&self) -> usize {
        self.outcomes.len()
    }

    pub(crate) fn count(&self, ending: Ending) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.ending == ending).count()
    }

    /// The fraction that was answered in time.
    pub(crate) fn answered(&self) -> f64 {
        self.count(Ending::Answered) as f64 / self.len().max(1) as f64
    }

    /// The milliseconds that `fraction` of the callers have spent at most, however it ended.
    pub(crate) fn spent(&self, fraction: f64) -> f64 {
        Self::quantile_of(self.outcomes.iter(), fraction)
    }

    /// The latency in milliseconds that `fraction` of the answered requests keep below.
    pub(crate) fn quantile(&self, fraction: f64) -> f64 {
        Self::quantile_of(self.outcomes.iter().filter(|outcome| outcome.ending == Ending::Answered), fraction)
    }

    fn quantile_of<'a>(outcomes: impl Iterator<Item = &'a Outcome>, fraction: f64) -> f64 {
        let mut latencies: Vec<Duration> = outcomes.map(|outcome| outcome.took).collect();
        latencies.sort_unstable();
        let index = (latencies.len() as f64 * fraction) as usize;
        let latency = latencies.get(index.min(latencies.len().saturating_sub(1)));
        latency.map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }

    /// A figure for each `width` of a run of `duration`, at the middle of it in seconds.
    pub(crate) fn over_time(
        &self,
        duration: Duration,
        width: Duration,
        figure: impl Fn(&Self) -> f64,
    ) -> Vec<(f64, f64)> {
        let buckets = duration.div_duration_f64(width).ceil() as u32;
        let bucket = |index: u32| {
            let from = width * index;
            ((from + width / 2).as_secs_f64(), figure(&self.between(from, from + width)))
        };
        (0..buckets).map(bucket).collect()
    }
}
