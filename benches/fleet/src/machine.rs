//! What the layers stand before: machines with cores, and the wire to them.
//!
//! These two are models; everything between them is the real middleware. A machine runs one job per core, in the order
//! in which they came. The wire takes time in both directions, and tells a server nothing of callers that have gone
//! away: what a server has taken in it does, wanted or not, unless a layer of its own ends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use minato_runtime::spawn;
use minato_runtime::sync::{Semaphore, oneshot};
use minato_runtime::time::sleep;
use minato_service::boxed::BoxCloneSyncService;
use minato_service::{BoxError, Layer, Service, ServiceExt, service_fn};

use crate::draw::Draw;
use crate::job::Job;

/// One way over the wire.
const WIRE: Duration = Duration::from_millis(1);

/// What taking in a request costs a core, also where it is then refused.
const RECEIPT: Duration = Duration::from_micros(200);

/// A caller's or a server's side of calls, with its layers.
pub(crate) type Calls = BoxCloneSyncService<Job, (), BoxError>;

/// How a machine is put behind the layers of its server.
pub(crate) type Serve = fn(&Arc<Machine>) -> Calls;

/// A machine.
#[derive(Debug)]
pub(crate) struct Machine {
    cores: Semaphore,
    /// What a job takes, on average, at full speed.
    work: Duration,
    draw: Draw,
    /// Thousandths of the full speed.
    speed: AtomicU64,
    /// The fraction of the jobs that stall, and how many times as long these take.
    stalls: (f64, f64),
    /// Whether its process fails every request at once.
    is_broken: AtomicBool,
    received: AtomicUsize,
}

impl Machine {
    pub(crate) fn new(draw: Draw, cores: usize, work: Duration) -> Self {
        Self {
            cores: Semaphore::new(cores),
            work,
            draw,
            speed: AtomicU64::new(1000),
            stalls: (0.0, 1.0),
            is_broken: AtomicBool::new(false),
            received: AtomicUsize::new(0),
        }
    }

    /// Makes a fraction of the jobs take so many times as long.
    pub(crate) fn stalling(mut self, fraction: f64, times: f64) -> Self {
        self.stalls = (fraction, times);
        self
    }

    pub(crate) fn set_speed(&self, speed: f64) {
        self.speed.store((speed * 1000.0) as u64, Ordering::Relaxed);
    }

    /// From now on each request fails at once, or no longer does.
    pub(crate) fn set_broken(&self, is_broken: bool) {
        self.is_broken.store(is_broken, Ordering::Relaxed);
    }

    /// How many requests have come in, refused ones included.
    pub(crate) fn received(&self) -> usize {
        self.received.load(Ordering::Relaxed)
    }

    /// Uses a core for as long as `work` takes at the speed of now.
    async fn run(&self, work: Duration) {
        let core = self.cores.acquire().await;
        let speed = self.speed.load(Ordering::Relaxed) as f64 / 1000.0;
        sleep(work.div_f64(speed)).await;
        drop(core);
    }

    /// The work of a job: another amount for each request, and on each machine.
    fn work_of(&self, job: Job) -> Duration {
        let (fraction, times) = self.stalls;
        let is_stalled = self.draw.purpose(1).fraction(job.id) < fraction;
        let work = self.draw.purpose(2).exponential(job.id, self.work);
        if is_stalled { work.mul_f64(times) } else { work }
    }

    /// The machine behind the layers of its server, as its callers reach it over the wire.
    pub(crate) fn serve<L>(self: &Arc<Self>, layers: L) -> Calls
    where
        L: Layer<Calls>,
        L::Service:
            Service<Job, Response = (), Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static,
    {
        let machine = self.clone();
        let handler = service_fn(move |job: Job| {
            let machine = machine.clone();
            async move {
                machine.run(machine.work_of(job)).await;
                Ok::<_, BoxError>(())
            }
        });
        let server = layers.layer(handler.boxed_clone_sync()).map_err(Into::into).boxed_clone_sync();
        let machine = self.clone();
        service_fn(move |job: Job| remote_call(machine.clone(), server.clone(), job)).boxed_clone_sync()
    }
}

/// One call over the wire. The server's side of it is a task of its own, which nobody cancels.
async fn remote_call(machine: Arc<Machine>, server: Calls, job: Job) -> Result<(), BoxError> {
    let (answer, answered) = oneshot::channel();
    let _task = spawn(async move {
        sleep(WIRE).await;
        machine.received.fetch_add(1, Ordering::Relaxed);
        let outcome = if machine.is_broken.load(Ordering::Relaxed) {
            Err("the process is broken".into())
        } else {
            machine.run(RECEIPT).await;
            server.oneshot(job).await
        };
        sleep(WIRE).await;
        // The caller may be gone: that is the point.
        let _ = answer.send(outcome);
    });
    answered.await?
}
