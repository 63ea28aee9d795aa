//! A task and a timer on a current-thread runtime.

use std::time::Duration;

use minato_runtime::runtime::Builder;

fn main() {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let task = minato_runtime::spawn(minato_runtime::time::sleep(Duration::from_millis(1)));
        task.await.expect("the task does not panic");
    });
}
