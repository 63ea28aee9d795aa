//! Measuring two sides in turns, so that whatever else the machine does meets both.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::{Case, Other, Work};

/// Rounds of each side; the median of an odd number is one of them.
const ROUNDS: usize = 9;

/// How long a round takes, about.
const ROUND: Duration = Duration::from_millis(60);

/// What one operation took, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// From beginning to end.
    pub wall: f64,
    /// Of processor time: all threads, but not the client in front of a server.
    pub cpu: f64,
}

/// A case and what came of it.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Medians of ours.
    pub ours: Sample,
    /// Medians of the peer's.
    pub theirs: Sample,
    /// Medians of further peers, by their names.
    pub others: Vec<(&'static str, Sample)>,
}

/// Measures a case in rounds that alternate.
#[must_use]
pub fn measure(case: &Case) -> Measured {
    let mut ours = Subject::new(case.ours.start(case.workers), case.ours.is_server());
    let mut theirs = Subject::new(case.theirs.start(case.workers), case.theirs.is_server());
    let other = |other: &Other| Subject::new(other.side.start(case.workers), other.side.is_server());
    let mut others: Vec<_> = case.others.iter().map(other).collect();
    let mut all: Vec<_> = [&mut ours, &mut theirs].into_iter().chain(&mut others).collect();
    all.iter_mut().for_each(|subject| subject.warm_up());
    for _ in 0..ROUNDS {
        all.iter_mut().for_each(|subject| subject.round());
        // Who goes first changes too.
        all.rotate_left(1);
    }
    let names = case.others.iter().map(|other| other.name);
    Measured {
        ours: ours.medians(),
        theirs: theirs.medians(),
        others: names.zip(others.into_iter().map(Subject::medians)).collect(),
    }
}

struct Subject {
    work: Work,
    has_client: bool,
    operations: u64,
    samples: Vec<Sample>,
}

impl Subject {
    fn new(work: Work, has_client: bool) -> Self {
        Self { work, has_client, operations: 1, samples: Vec::with_capacity(ROUNDS) }
    }

    /// Runs until it is known how many operations a round has.
    fn warm_up(&mut self) {
        loop {
            let start = Instant::now();
            (self.work)(self.operations);
            let elapsed = start.elapsed();
            if elapsed >= ROUND / 2 {
                let scale = ROUND.as_secs_f64() / elapsed.as_secs_f64();
                self.operations = ((self.operations as f64 * scale) as u64).max(1);
                return;
            }
            self.operations *= 2;
        }
    }

    fn round(&mut self) {
        let (start, cpu) = (Instant::now(), self.cpu());
        (self.work)(self.operations);
        let (wall, cpu) = (start.elapsed(), self.cpu() - cpu);
        let each = |time: Duration| time.as_secs_f64() * 1e9 / self.operations as f64;
        self.samples.push(Sample { wall: each(wall), cpu: each(cpu) });
    }

    /// The processor time of the process, without this thread where it is only the client.
    fn cpu(&self) -> Duration {
        let read = |clock| {
            let time = clock_gettime(clock);
            Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
        };
        let client = if self.has_client { read(ClockId::ThreadCPUTime) } else { Duration::ZERO };
        read(ClockId::ProcessCPUTime).saturating_sub(client)
    }

    fn medians(self) -> Sample {
        let median = |of: fn(&Sample) -> f64| {
            let mut values: Vec<f64> = self.samples.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        Sample { wall: median(|sample| sample.wall), cpu: median(|sample| sample.cpu) }
    }
}
