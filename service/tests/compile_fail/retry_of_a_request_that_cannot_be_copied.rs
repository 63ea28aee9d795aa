use std::time::Duration;

use minato_service::retry::StandardPolicy;
use minato_service::{Backoff, Service, ServiceBuilder, service_fn};

struct Once;

fn serve(_: impl Service<Once>) {}

fn main() {
    let policy = StandardPolicy::new(Backoff::constant(Duration::ZERO), |result: &Result<u32, ()>| result.is_err());
    let inner = service_fn(|_: Once| async move { Ok::<u32, ()>(7) });
    serve(ServiceBuilder::new().retry(policy).service(inner));
}
