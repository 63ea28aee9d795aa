use minato_service::limit::ConcurrencyLimitLayer;

fn main() {
    let _ = ConcurrencyLimitLayer::with_mode(1, "patiently");
}
