use serde_json::json;

use super::*;

/// What comes out of these statements. What is remembered is saved and read back behind each.
fn told(tools: &serde_json::Value, statements: &[&str]) -> Vec<String> {
    let tools: Vec<OnlineDdl> = serde_json::from_value(tools.clone()).unwrap();
    let session = Session { database: "shop".into(), ..Session::default() };
    let mut definitions = Definitions::of_tools().altered_by(&tools);
    let mut out = Vec::new();
    for sql in statements {
        let Statement::Ddl(ddl) = Statement::read(sql, "shop") else { panic!("{sql}") };
        match definitions.online.instead(&ddl, sql, &session) {
            None => out.push((*sql).to_owned()),
            Some(statements) => out.extend(statements),
        }
        definitions.online.follow(&ddl, sql, &session);
        let remembered = Definitions::remembered(&definitions).unwrap();
        assert!(!remembered.follows_tables(), "{sql}");
        definitions = remembered.altered_by(&tools);
    }
    out
}

fn check(tools: &serde_json::Value, statements: &[&str], expected: &[&str]) {
    assert_eq!(told(tools, statements), expected, "{tools}: {statements:#?}");
}

#[test]
fn gh_ost_comes_out_as_what_it_did() {
    let begin = [
        "drop /* gh-ost */ table if exists `shop`.`_orders_gho`",
        "create /* gh-ost */ table `shop`.`_orders_ghc` (id int)",
        "create /* gh-ost */ table `shop`.`_orders_gho` like `shop`.`orders`",
        "alter /* gh-ost */ table `shop`.`_orders_gho` add column `a,b` int, rename column c to d",
        "alter /* gh-ost */ table `shop`.`_orders_gho` AUTO_INCREMENT=42",
    ];
    let real =
        "alter /* gh-ost */ table `shop`.`orders` add column `a,b` int, rename column c to d";
    let atomic = [
        "create /* gh-ost */ table `shop`.`_orders_del` (id int auto_increment primary key)",
        "drop /* gh-ost */ table if exists `_orders_del`",
        "rename /* gh-ost */ table `shop`.`orders` to `shop`.`_orders_del`, \
         `shop`.`_orders_gho` to `shop`.`orders`",
        "drop /* gh-ost */ table if exists `shop`.`_orders_ghc`",
        "drop /* gh-ost */ table if exists `shop`.`_orders_del`",
    ];
    let two_step = [
        "alter /* gh-ost */ table `shop`.`orders` rename `_orders_del`",
        "alter /* gh-ost */ table `shop`.`_orders_gho` rename `orders`",
    ];
    let tools = json!(["PT_OSC", "GH_OST"]);
    check(&tools, &[&begin[..], &atomic].concat(), &[real]);
    check(&tools, &[&begin[..], &two_step].concat(), &[real]);
    // The second step fails, and the first is undone; then all goes well.
    let undone = [two_step[0], "alter table `shop`.`_orders_del` rename `orders`"];
    check(&tools, &[&begin[..], &undone, &two_step].concat(), &[real]);
    // It is given up, and nothing of it is left for the next one.
    let again = [begin[0], begin[2], "alter table _orders_gho drop column x"];
    let next = "alter table `shop`.`orders` drop column x";
    check(&tools, &[&begin[..], &again, &atomic].concat(), &[next]);
    let gone = ["drop database shop", atomic[2]];
    check(&tools, &[&begin[..], &gone].concat(), &gone);
}

#[test]
fn pt_online_schema_change_comes_out_as_what_it_did() {
    check(
        &json!(["PT_OSC"]),
        &[
            "CREATE TABLE `shop`.`_orders_new` (id INT)",
            "ALTER TABLE `shop`.`_orders_new` ADD x INT",
            "CREATE INDEX i ON _orders_new (x)",
            "RENAME TABLE `shop`.`orders` TO `shop`.`_orders_old`, \
             `shop`.`_orders_new` TO `shop`.`orders`",
            "DROP TABLE IF EXISTS `shop`.`_orders_old`",
            "ALTER TABLE orders DROP x",
        ],
        &[
            "ALTER TABLE `shop`.`orders` ADD x INT",
            "CREATE INDEX i ON `shop`.`orders` (x)",
            "ALTER TABLE orders DROP x",
        ],
    );
}

#[test]
fn dms_comes_out_as_what_it_did() {
    check(
        &json!(["ALIYUN_DMS"]),
        &[
            "CREATE TABLE tp_7_ogt_orders LIKE orders",
            "CREATE TABLE tp_7_ogl_orders (id INT)",
            "ALTER TABLE tp_7_ogt_orders ADD x INT",
            "RENAME TABLE orders TO tp_7_del_orders, tp_7_ogt_orders TO orders",
            "DROP TABLE tp_7_del_orders, tp_7_ogl_orders",
        ],
        &["ALTER TABLE `shop`.`orders` ADD x INT"],
    );
}

#[test]
fn the_names_of_another_tool_can_be_told() {
    let tools = json!([{"shadow": "copy_of_*", "trash": ["*_gone"]}]);
    check(
        &tools,
        &[
            "ALTER TABLE copy_of_orders ADD x INT",
            "RENAME TABLE orders TO orders_gone, copy_of_orders TO orders",
            "TRUNCATE TABLE orders_gone",
        ],
        &["ALTER TABLE `shop`.`orders` ADD x INT"],
    );
    for wrong in ["*", "**", "", "orders", "a[*"] {
        let tool = serde_json::from_value::<OnlineDdl>(json!({"shadow": wrong}));
        assert!(tool.is_err(), "{wrong}");
    }
}

#[test]
fn what_no_tool_did_comes_out_as_it_stands() {
    let statements = [
        "CREATE TABLE _orders_gho (id INT)",
        "ALTER TABLE _orders_gho ADD x INT",
        "RENAME TABLE orders TO _orders_del, _orders_gho TO orders",
        "DROP TABLE _orders_del",
    ];
    check(&json!([]), &statements, &statements);
    check(&json!(["PT_OSC"]), &statements, &statements);
    // Reading began behind the ALTER.
    check(&json!(["GH_OST"]), &statements[2..], &statements[2..3]);
    let others = ["DROP TABLE orders, _orders_del", "RENAME TABLE a TO b", "DROP TABLE _gho"];
    check(&json!(["GH_OST"]), &others, &others);
}
