//! Branches that `select!` cannot read.

async fn f() -> u8 {
    1
}

async fn no_branches() {
    minato_runtime::select! {}
}

async fn else_first() {
    minato_runtime::select! {
        else => {}
        n = f() => drop(n),
    }
}

async fn no_comma() {
    minato_runtime::select! {
        n = f() => drop(n)
        m = f() => drop(m),
    }
}

async fn when() {
    minato_runtime::select! {
        n = f(), when true => drop(n),
    }
}

async fn no_handler() {
    minato_runtime::select! {
        n = f(),
    }
}

async fn no_future() {
    minato_runtime::select! {
        f() => {}
    }
}

fn main() {}
