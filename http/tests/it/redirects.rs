//! Redirects: what is followed, with what, and what is not.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use http::header::{HeaderName, HeaderValue};
use http::{Method, Request, Response};
use minato_http::redirect::Action;
use minato_http::{Body, Error, RedirectLayer, Redirected, Redirects};
use minato_service::{Layer, Service, service_fn};

use crate::exchanges::Servers;
use crate::kit::run;

/// Requests as they came to the service, with their bodies.
type Seen = Arc<Mutex<Vec<(Request<()>, String)>>>;

/// A service that answers with these, then with 200; each is a status and where it leads.
fn service(
    answers: &[(u16, &str)],
) -> (
    impl Service<Request<Body>, Response = Response<Body>, Error = Error, Future: Send> + Clone + Send + use<>,
    Seen,
) {
    let answers: VecDeque<(u16, String)> =
        answers.iter().map(|(status, to)| (*status, (*to).to_owned())).collect();
    let answers = Arc::new(Mutex::new(answers));
    let seen = Seen::default();
    let record = seen.clone();
    let service = service_fn(move |request: Request<Body>| {
        let (answers, record) = (answers.clone(), record.clone());
        async move {
            let (head, body) = request.into_parts();
            let text = body.text().await?;
            record.lock().unwrap().push((Request::from_parts(head, ()), text));
            let mut response = Response::new(Body::from("body"));
            if let Some((status, to)) = answers.lock().unwrap().pop_front() {
                *response.status_mut() = status.try_into().unwrap();
                response.headers_mut().insert("location", HeaderValue::from_bytes(to.as_bytes()).unwrap());
            }
            Ok::<_, Error>(response)
        }
    });
    (service, seen)
}

async fn send(
    redirects: Redirects,
    answers: &[(u16, &str)],
    request: Request<Body>,
) -> (Result<Response<Body>, Error>, Seen) {
    let (service, seen) = service(answers);
    let response = RedirectLayer::new(redirects).layer(service).call(request).await;
    (response, seen)
}

fn get(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).unwrap()
}

#[test]
fn methods_and_bodies_are_sent_again_where_the_status_says_so() {
    run(async {
        for (status, sent, then, body) in [
            (301, Method::POST, Method::GET, ""),
            (302, Method::POST, Method::GET, ""),
            (303, Method::POST, Method::GET, ""),
            (303, Method::PUT, Method::GET, ""),
            (301, Method::PUT, Method::PUT, "text"),
            (307, Method::POST, Method::POST, "text"),
            (308, Method::PATCH, Method::PATCH, "text"),
        ] {
            let request = Request::builder()
                .method(sent.clone())
                .uri("http://a/x")
                .header("content-type", "text/plain");
            let request = request.header("accept", "*/*").body(Body::from("text")).unwrap();
            let (response, seen) = send(Redirects::default(), &[(status, "/y")], request).await;
            assert_eq!(response.unwrap().status(), 200);
            let seen = seen.lock().unwrap();
            let (second, sent_body) = &seen[1];
            assert_eq!((second.method(), sent_body.as_str()), (&then, body), "{status} {sent}");
            assert_eq!(second.uri(), "http://a/y");
            assert_eq!(second.headers().contains_key("content-type"), !body.is_empty());
            assert!(second.headers().contains_key("accept"));
        }
    });
}

#[test]
fn a_body_that_is_not_known_beforehand_is_not_sent_again() {
    run(async {
        let (mut sender, body) = Body::channel();
        sender.start_send("x");
        sender.finish();
        let request = Request::post("http://a/").body(body).unwrap();
        let (response, seen) = send(Redirects::default(), &[(307, "/y")], request).await;
        assert_eq!(response.unwrap().status(), 307);
        assert_eq!(seen.lock().unwrap().len(), 1);
        let (mut sender, body) = Body::channel();
        sender.start_send("x");
        sender.finish();
        let request = Request::post("http://a/").body(body).unwrap();
        let (response, seen) = send(Redirects::default(), &[(303, "/y")], request).await;
        assert_eq!(response.unwrap().status(), 200);
        assert_eq!(seen.lock().unwrap()[1].0.method(), Method::GET);
    });
}

/// CVE-2024-45336, CVE-2025-4673, CVE-2023-45289.
#[test]
fn what_is_meant_for_one_origin_is_shown_to_no_other_and_does_not_come_back() {
    run(async {
        let secrets = ["authorization", "cookie", "proxy-authorization", "referer", "x-key", "x-marked"];
        for (hops, kept) in [
            (&["/y"][..], true),
            (&["http://A:80/y"], true),
            (&["http://a:81/y"], false),
            (&["https://a/y"], false),
            (&["http://x.a/y"], false),
            (&["//b/y"], false),
            (&["http://b/y", "http://a/z"], false),
            (&["http://b/y", "http://b/z"], false),
        ] {
            let mut request = get("http://a/x");
            for name in secrets {
                request.headers_mut().insert(name, HeaderValue::from_static("secret"));
            }
            request.headers_mut().get_mut("x-marked").unwrap().set_sensitive(true);
            request.headers_mut().insert("accept", HeaderValue::from_static("*/*"));
            request.headers_mut().insert("host", HeaderValue::from_static("a"));
            let answers: Vec<_> = hops.iter().map(|to| (302, *to)).collect();
            let redirects = Redirects::default().sensitive(HeaderName::from_static("x-key"));
            let (response, seen) = send(redirects, &answers, request).await;
            assert_eq!(
                response.unwrap().extensions().get::<Redirected>().unwrap().places().len(),
                hops.len() + 1
            );
            let seen = seen.lock().unwrap();
            let (last, _) = seen.last().unwrap();
            for name in secrets {
                assert_eq!(last.headers().contains_key(name), kept, "{name} to {hops:?}");
            }
            assert!(last.headers().contains_key("accept") && !last.headers().contains_key("host"));
        }
    });
}

#[test]
fn a_way_that_cannot_be_gone_is_an_error_that_says_so() {
    run(async {
        for (from, to) in [
            ("https://a/", "http://a/"),
            ("http://a/", "ftp://a/"),
            ("http://a/", "file:///etc/passwd"),
            ("http://a/", "javascript:alert(1)"),
            ("http://a/", "http://user:pw@b/"),
            ("http://a/", "//"),
            ("http://a/", "http://[::1/"),
        ] {
            let (response, seen) = send(Redirects::default(), &[(302, to)], get(from)).await;
            let error = response.unwrap_err();
            assert!(error.is_redirect() && !error.is_retry_safe(), "{to}: {error:?}");
            assert_eq!(seen.lock().unwrap().len(), 1, "{to}");
        }
        let (response, _) =
            send(Redirects::default().allow_downgrade(), &[(302, "http://a/")], get("https://a/")).await;
        assert_eq!(response.unwrap().extensions().get::<Redirected>().unwrap().uri(), "http://a/");
    });
}

#[test]
fn loops_end() {
    run(async {
        let always = [(302, "/"); 200];
        for (redirects, requests) in [
            (Redirects::default(), 11),
            (Redirects::limited(0), 1),
            (Redirects::limited(3), 4),
            (Redirects::custom(|_| Action::Follow), 101),
        ] {
            let (response, seen) = send(redirects, &always, get("http://a/")).await;
            assert!(response.unwrap_err().is_redirect());
            assert_eq!(seen.lock().unwrap().len(), requests);
        }
    });
}

#[test]
fn a_policy_sees_where_the_way_leads_and_decides() {
    run(async {
        let seen_places = Arc::new(Mutex::new(Vec::new()));
        let record = seen_places.clone();
        let redirects = Redirects::custom(move |attempt| {
            record.lock().unwrap().push((
                attempt.status.as_u16(),
                attempt.to.to_string(),
                attempt.from.len(),
            ));
            match attempt.to.path() {
                "/stop" => Action::Stop,
                "/fail" => Action::Fail("not there".into()),
                _ => Action::Follow,
            }
        });
        let (response, _) = send(redirects.clone(), &[(301, "/a"), (302, "/stop")], get("http://a/")).await;
        assert_eq!(response.unwrap().status(), 302);
        let (response, _) = send(redirects, &[(303, "/fail")], get("http://a/")).await;
        let error = response.unwrap_err();
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "not there");
        let expected = [
            (301, "http://a/a".to_owned(), 1),
            (302, "http://a/stop".to_owned(), 2),
            (303, "http://a/fail".to_owned(), 1),
        ];
        assert_eq!(*seen_places.lock().unwrap(), expected);
        let (response, _) = send(Redirects::none(), &[(302, "/y")], get("http://a/")).await;
        assert_eq!(response.unwrap().status(), 302);
    });
}

#[test]
fn a_response_that_leads_nowhere_or_is_no_redirect_stands() {
    run(async {
        for status in [200, 201, 300, 304, 305, 400] {
            let (response, seen) = send(Redirects::default(), &[(status, "/y")], get("http://a/")).await;
            assert_eq!(response.unwrap().status(), status);
            assert_eq!(seen.lock().unwrap().len(), 1);
        }
    });
}

/// On the wire: the connection of a redirect with a short body is used for the next hop, cookies follow their rules, and
/// without the knob nothing is followed.
#[test]
fn a_client_follows_over_its_connections_and_with_its_cookies() {
    run(async {
        let servers = Servers::default();
        let jar = minato_http::CookieJar::new();
        let client = servers.client(|builder| builder.redirects(Redirects::default()).cookies(jar.clone()));
        let answer = minato_runtime::spawn(client.get("http://a/x").header("cookie", "own=1").send());
        let mut server = servers.accept().await;
        server.expect("GET /x HTTP/1.1\r\nhost: a\r\ncookie: own=1\r\n\r\n").await;
        server
            .send(
                "HTTP/1.1 302 Found\r\nlocation: /y\r\nset-cookie: id=7; path=/y\r\nset-cookie: no=1; domain=b\r\n\
                 content-length: 4\r\n\r\ngone",
            )
            .await;
        server.expect("GET /y HTTP/1.1\r\nhost: a\r\ncookie: own=1; id=7\r\n\r\n").await;
        server.send("HTTP/1.1 302 Found\r\nlocation: http://b/y\r\ncontent-length: 0\r\n\r\n").await;
        let mut other = servers.accept().await;
        other.expect("GET /y HTTP/1.1\r\nhost: b\r\n\r\n").await;
        other.send("HTTP/1.1 200 OK\r\nset-cookie: id=8\r\ncontent-length: 0\r\n\r\n").await;
        let response = answer.await.unwrap().unwrap();
        assert_eq!(response.extensions().get::<Redirected>().unwrap().uri(), "http://b/y");
        assert_eq!(jar.len(), 2);

        let client = servers.client(|builder| builder);
        let answer = minato_runtime::spawn(client.get("http://a/x"));
        let mut server = servers.accept().await;
        server.head_of_request().await;
        server.send("HTTP/1.1 302 Found\r\nlocation: /y\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(answer.await.unwrap().unwrap().status(), 302);
    });
}
