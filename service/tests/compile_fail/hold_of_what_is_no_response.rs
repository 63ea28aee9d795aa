use minato_service::limit::ConcurrencyLimitLayer;
use minato_service::{Layer, Service, service_fn};

fn serve(_: impl Service<u32>) {}

fn main() {
    let inner = service_fn(|n: u32| async move { Ok::<_, ()>(n) });
    serve(ConcurrencyLimitLayer::new(1).until_body_end().layer(inner));
}
