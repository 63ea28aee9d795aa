use std::time::Duration;

use minato_service::{Service, ServiceBuilder, service_fn};

fn serve(_: impl Service<u32>) {}

fn main() {
    let inner = service_fn(|n: u32| async move { Ok::<_, std::io::Error>(n) });
    serve(ServiceBuilder::new().timeout(Duration::from_secs(1)).lift().service(inner));
}
