use minato_service::balance::{Balance, Endpoints, Load};
use minato_service::{Service, service_fn};

fn serve(_: impl Service<u32>) {}

fn main() {
    let endpoints = Endpoints::new(Load::Pending);
    endpoints.insert(1, service_fn(|n: u32| async move { Ok::<_, ()>(n) }));
    serve(Balance::new(endpoints, "at random"));
}
