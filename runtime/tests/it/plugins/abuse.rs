//! Each way to misbehave ends in a fault of its own name, and the process goes on.

use std::sync::Arc;

use tidemill::plugin::{Fault, Limits, Plugin, Sandbox, Spec, load_in};
use tidemill_rows::Messages;

use super::{frames, guests};

/// Generous in time, since the machine may be busy with other tests.
fn abuse(settings: &str) -> Spec {
    let limits = Limits { memory_mb: 16, call_ms: 60_000, output_mb: 1 };
    Spec { limits, ..guests::spec("abuse", settings) }
}

fn hasty(settings: &str) -> Spec {
    let spec = abuse(settings);
    Spec { limits: Limits { call_ms: 1000, ..spec.limits }, ..spec }
}

fn serialize(plugin: &mut dyn Plugin) -> Result<usize, Fault> {
    let mut out = Vec::new();
    plugin.serialize(&frames::small(3), 3, &mut out)?;
    Ok(Messages::parse(&out).unwrap().len())
}

/// The one message that the abuser makes of a frame when it behaves.
const WELL: Result<usize, Fault> = Ok(1);

/// The second call does the deed; the calls before and after it must go well, in the same instance
/// or in a new one, and so must another plugin.
fn second_call(deed: &str) -> Fault {
    second_call_of(&abuse(&format!("{{\"do\":{deed},\"call\":1}}")))
}

fn second_call_of(spec: &Spec) -> Fault {
    let plugin = guests::load(spec);
    let mut instance = plugin.instance().unwrap();
    assert_eq!(serialize(&mut *instance), WELL);
    let fault = serialize(&mut *instance).unwrap_err();
    assert_eq!(serialize(&mut *instance), WELL, "after {fault}");
    let other = guests::load(&abuse("{\"do\":\"nothing\"}"));
    assert_eq!(serialize(&mut *other.instance().unwrap()), WELL, "beside {fault}");
    fault
}

#[test]
fn an_endless_loop_meets_its_deadline() {
    assert_eq!(second_call_of(&hasty("{\"do\":\"loop\",\"call\":1}")), Fault::Deadline(1000));
}

#[test]
fn a_memory_bomb_meets_the_limit_of_its_memory() {
    assert_eq!(second_call("\"bomb\""), Fault::Memory(16 << 20));
}

#[test]
fn a_deep_recursion_runs_out_of_stack() {
    assert_eq!(second_call("\"recurse\""), Fault::Stack);
}

#[test]
fn a_panic_ends_with_its_message() {
    let Fault::Panic(words) = second_call("{\"panic\":\"the cat sat on it\"}") else {
        panic!("not the fault of a panic")
    };
    assert!(words.contains("abuse.rs") && words.ends_with(": the cat sat on it"), "{words}");
}

#[test]
fn another_trap_is_named() {
    let Fault::Trap(why) = second_call("\"unreachable\"") else { panic!("not a trap") };
    assert!(why.contains("unreachable"), "{why}");
}

#[test]
fn a_flood_of_log_lines_does_no_harm() {
    let plugin = guests::load(&abuse("{\"do\":{\"chatter\":10000}}"));
    assert_eq!(serialize(&mut *plugin.instance().unwrap()), WELL);
}

#[test]
fn its_own_errors_keep_their_kinds_and_the_instance() {
    assert_eq!(second_call("{\"retryable\":\"soon\"}"), Fault::Retryable("soon".into()));
    assert_eq!(second_call("{\"poison\":\"bad row\"}"), Fault::Poison("bad row".into()));
    assert_eq!(second_call("{\"fatal\":\"no\"}"), Fault::Fatal("no".into()));
}

#[test]
fn an_answer_beyond_the_limit_is_refused() {
    let plugin = guests::load(&abuse("{\"do\":{\"large\":2000000}}"));
    assert_eq!(serialize(&mut *plugin.instance().unwrap()), Err(Fault::TooLarge(1 << 20)));
}

#[test]
fn a_frame_that_cannot_fit_is_not_sent() {
    let plugin = guests::load(&abuse("{\"do\":\"nothing\"}"));
    let (frame, mut out) = (vec![0; 17 << 20], Vec::new());
    let refused = plugin.instance().unwrap().transform(&frame, &mut out).unwrap_err();
    assert_eq!(refused, Fault::TooLarge(16 << 20));
}

#[test]
fn what_breaks_while_it_starts_is_an_error_of_the_start() {
    type Limited = fn(&str) -> Spec;
    let starts: [(Limited, _, _); 5] = [
        (hasty, "\"loop\"", "plugin-deadline"),
        (abuse, "\"bomb\"", "plugin-memory"),
        (abuse, "\"recurse\"", "plugin-stack"),
        (abuse, "{\"panic\":\"at once\"}", "plugin-panic"),
        (abuse, "{\"fatal\":\"no\"}", "plugin-settings"),
    ];
    for (spec, deed, code) in starts {
        let plugin = guests::load(&spec(&format!("{{\"do\":{deed},\"at_once\":true}}")));
        let error = plugin.instance().err().unwrap();
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains("abuse.wasm"), "{error}");
    }
}

#[test]
fn a_plugin_that_begins_beyond_its_memory_does_not_start() {
    let limits = Limits { memory_mb: 1, ..Limits::default() };
    let plugin = guests::load(&Spec { limits, ..abuse("{\"do\":\"nothing\"}") });
    assert_eq!(plugin.instance().err().unwrap().code(), "plugin-memory");
}

#[test]
fn a_thousand_traps_leave_nothing_behind() {
    let sandbox = Arc::new(Sandbox::new(None).unwrap());
    let plugin = load_in(&sandbox, &abuse("{\"do\":{\"panic\":\"again\"}}")).unwrap();
    let mut instance = plugin.instance().unwrap();
    let memory = plugin.memory_bytes();
    for _ in 0..1000 {
        assert!(matches!(serialize(&mut *instance), Err(Fault::Panic(_))));
        assert!(sandbox.instances().unwrap() <= 1 && plugin.memory_bytes() <= memory);
    }
    drop(instance);
    assert_eq!((sandbox.instances(), plugin.memory_bytes()), (Some(0), 0));
}

#[test]
fn instances_beyond_the_room_for_them_are_refused() {
    let sandbox = Arc::new(Sandbox::new(None).unwrap());
    let plugin = load_in(&sandbox, &abuse("{\"do\":\"nothing\"}")).unwrap();
    let mut instances: Vec<_> = (0..1024).map(|_| plugin.instance().unwrap()).collect();
    let error = plugin.instance().err().unwrap();
    assert!(error.is_transient() && error.to_string().contains("1024"), "{error}");
    instances.pop();
    assert!(plugin.instance().is_ok());
}

#[test]
fn a_plan_that_does_not_fit_the_table_is_refused() {
    for (plan, reason) in [
        (r#"[[[2,"a"]],[]]"#, "a plan with column 2 of 2, counted from 0"),
        (r#"[[[1,"a"],[0,"b"]],[]]"#, "a plan whose columns do not ascend"),
        (r#"[[[0,"a"],[0,"b"]],[]]"#, "a plan whose columns do not ascend"),
        (r#"[[[0,""]],[]]"#, "a plan with an empty name for column id"),
        (r#"[[[0,"a"],[1,"a"]],[]]"#, "a plan with two columns of the name a"),
        (r#"[[[0,"a"]],["name"]]"#, "a plan with a key column name that is not among its columns"),
        (r#"[[[0,"a"]],["a","a"]]"#, "a plan with the key column a twice"),
    ] {
        let plugin = guests::load(&abuse(&format!("{{\"do\":{{\"plan\":{plan}}}}}")));
        let fault = plugin.instance().unwrap().plan(&frames::table()).unwrap_err();
        assert_eq!(fault, Fault::Invalid(reason.into()));
    }
    let plugin = guests::load(&abuse(r#"{"do":{"plan":[[[0,"a"],[1,"b"]],["b"]]}}"#));
    assert!(plugin.instance().unwrap().plan(&frames::table()).is_ok());
}
