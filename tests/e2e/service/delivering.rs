//! Platforms are told under load, and while others are down.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::office::run_of;
use super::running::until;
use super::telling::{Receiver, connected, office_of, run, told};

/// The runs that an address was told of, in the order in which it was.
fn runs_told(receiver: &Receiver) -> Vec<Value> {
    receiver.messages().iter().map(|message| message.json()["data"]["run"].clone()).collect()
}

#[test]
fn a_hundred_messages_arrive_at_once_in_the_order_of_what_happened() {
    let receiver = Receiver::new();
    let office = connected(&receiver);
    let client = office.admin();
    told(&client, &receiver, &["run.finished"]);
    let runs: Vec<String> = (0..120).map(|_| run(&client)).collect();
    assert_eq!(office.service.deliver().unwrap(), 120);
    assert_eq!(runs_told(&receiver), runs);
}

#[test]
fn addresses_that_are_down_keep_no_other_from_its_messages() {
    let (live, dead) = (Receiver::new(), Receiver::new());
    dead.answers(503);
    let office = office_of(&[&live, &dead]);
    office.world.authorize().unwrap();
    let (client, elsewhere) = (office.admin(), office.stranger());
    for _ in 0..20 {
        told(&client, &live, &["run.finished"]);
        told(&elsewhere, &dead, &["run.finished"]);
    }
    // They have no connection there: their runs fail, and are over as others are.
    for _ in 0..5 {
        elsewhere.post(&run_of("list-pages"), json!({"input": {"space": "DOCS"}}));
    }
    for round in 1..=2 {
        run(&client);
        assert_eq!(office.service.deliver().unwrap(), 20, "each address is told at once");
        assert_eq!(live.messages().len(), 20 * round);
        assert_eq!(dead.messages().len(), 20, "each of them is asked once, and then it rests");
    }
    office.world.clock.advance(5);
    dead.answers(204);
    assert_eq!(office.service.deliver().unwrap(), 100, "and is told all once it is there again");
}

#[test]
fn an_address_that_is_slow_to_answer_keeps_no_other_waiting() {
    let (live, slow) = (Receiver::new(), Receiver::new());
    slow.takes.store(5_000, Ordering::SeqCst);
    let office = office_of(&[&live, &slow]);
    office.world.authorize().unwrap();
    let client = office.admin();
    told(&client, &live, &["run.finished"]);
    told(&client, &slow, &["run.finished"]);
    run(&client);
    std::thread::scope(|scope| {
        let delivering = scope.spawn(|| office.service.deliver().unwrap());
        until(|| (live.messages().len() == 1 && slow.messages().len() == 1).then_some(()));
        run(&client);
        until(|| (live.messages().len() == 2).then_some(()));
        assert!(!delivering.is_finished() && slow.messages().len() == 1);
    });
}

#[test]
fn a_message_that_an_address_refuses_does_not_keep_those_after_it() {
    let receiver = Receiver::new();
    let office = connected(&receiver);
    let client = office.admin();
    told(&client, &receiver, &["run.finished"]);
    let runs: Vec<String> = (0..3).map(|_| run(&client)).collect();
    receiver.refuses(&runs[0]);
    assert_eq!(office.service.deliver().unwrap(), 0);
    office.world.clock.advance(5);
    assert_eq!(office.service.deliver().unwrap(), 2);
    assert_eq!(runs_told(&receiver), [&runs[0], &runs[1], &runs[2], &runs[0]].map(|run| json!(run)));
    receiver.refuses("nothing");
    office.world.clock.advance(5 * 60);
    assert_eq!(office.service.deliver().unwrap(), 1, "and it comes again itself");
}

/// Who told it first took so long that another process tells it by now.
#[test]
fn whoever_finds_that_another_tells_an_address_leaves_it_what_waits_for_it() {
    let receiver = Receiver::new();
    let office = connected(&receiver);
    let client = office.admin();
    let hook = told(&client, &receiver, &["run.finished"]);
    let first = run(&client);
    receiver.takes.store(3_000, Ordering::SeqCst);
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| office.service.deliver().unwrap());
        until(|| (receiver.messages().len() == 1).then_some(()));
        receiver.takes.store(0, Ordering::SeqCst);
        // Its lease is over: the other one takes the address, is refused, and has it rest.
        office.world.clock.advance(41);
        receiver.answers(503);
        until(|| (office.service.deliver().unwrap() == 0 && receiver.messages().len() == 2).then_some(()));
        run(&client);
        receiver.answers(204);
        assert_eq!(slow.join().unwrap(), 1, "it was taken in after all");
    });
    office.world.clock.advance(5);
    assert!(office.service.deliver().unwrap() > 0);
    let told: Vec<Value> = runs_told(&receiver);
    assert_eq!(told[0], json!(first));
    assert!(told[2..].iter().any(|run| *run != json!(first)), "what came meanwhile waits for it: {told:?}");
    let at = format!("/webhooks/{}", hook["id"].as_str().unwrap());
    assert!(client.get(&at).done().get("failing_since").is_none());
}
