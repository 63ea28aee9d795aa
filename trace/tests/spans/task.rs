//! Tasks that keep span and context.

use minato_trace::{TraceContext, spawn_traced};
use tracing::{Instrument, Level, info_span};

use crate::capture::run;

#[test]
fn a_task_keeps_the_context_and_has_its_own_span() {
    run(|capture| async move {
        let context = TraceContext::new_root();
        let task = context.clone().scope(async {
            let task = spawn_traced(info_span!("refresh", cache = "prices"), async {
                minato_runtime::task::yield_now().await;
                tracing::info!("fetching");
                TraceContext::current()
            });
            task.await.unwrap()
        });
        assert_eq!(task.instrument(info_span!("outer")).await, Some(context));

        let spans = capture.spans();
        assert_eq!((spans[0].name, spans[1].name), ("outer", "refresh"));
        spans[1].expect(&[("cache", "prices")]);
        assert_eq!(spans[1].parent, Some("outer"));
        assert_eq!(spans[1].events, [(Level::INFO, "fetching".to_owned())]);
        assert!(spans.iter().all(|span| span.is_closed));
    });
}

#[test]
fn a_task_without_context_has_none() {
    run(|_| async {
        let task = spawn_traced(info_span!("alone"), async { TraceContext::current() });
        assert_eq!(task.await.unwrap(), None);
    });
}
