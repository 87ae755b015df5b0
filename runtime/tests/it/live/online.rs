//! Tables that online-DDL tools alter while rows of them change: by the statements that the tools
//! send.

use serde_json::json;

use super::reading::{ACCOUNT, Reader, settings};
use crate::support::servers::{Server, Version};

/// What a tool does to `shop.orders`, up to where the copy is filled, and from there on.
struct Work {
    tool: &'static str,
    begin: &'static str,
    end: &'static str,
}

const TABLES: &str = "\
    GRANT SELECT ON *.* TO replica@'127.0.0.1';\n\
    CREATE DATABASE shop;\n\
    CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20));\n";

const WORKS: [Work; 3] = [
    Work {
        tool: "GH_OST",
        begin: "\
            drop table if exists `shop`.`_orders_gho`;\n\
            drop table if exists `shop`.`_orders_ghc`;\n\
            create table `shop`.`_orders_ghc` (id bigint unsigned auto_increment, last_update \
             timestamp not null default current_timestamp on update current_timestamp, hint \
             varchar(64) charset ascii not null, value varchar(4096) charset ascii not null, \
             primary key (id), unique key hint_uidx (hint)) auto_increment=256;\n\
            insert into `shop`.`_orders_ghc` (id, hint, value) values (2, 'state', 'Migrated');\n\
            create table `shop`.`_orders_gho` like `shop`.`orders`;\n\
            alter table `shop`.`_orders_gho` CHANGE;\n\
            alter table `shop`.`_orders_gho` AUTO_INCREMENT=4;\n\
            insert ignore into `shop`.`_orders_gho` (id, name) (select id, name from orders);\n",
        end: "\
            replace into `shop`.`_orders_gho` (id, name) select id, name from shop.orders;\n\
            create table `shop`.`_orders_del` (id int auto_increment primary key);\n\
            drop table if exists `shop`.`_orders_del`;\n\
            rename table `shop`.`orders` to `shop`.`_orders_del`, `shop`.`_orders_gho` to \
             `shop`.`orders`;\n\
            drop table if exists `shop`.`_orders_ghc`;\n\
            drop table if exists `shop`.`_orders_del`;\n",
    },
    Work {
        tool: "PT_OSC",
        begin: "\
            create table `shop`.`_orders_new` like `shop`.`orders`;\n\
            alter table `shop`.`_orders_new` CHANGE;\n\
            create trigger `pt_osc_shop_orders_del` after delete on `shop`.`orders` for each row \
             delete ignore from `shop`.`_orders_new` where `_orders_new`.`id` <=> OLD.`id`;\n\
            create trigger `pt_osc_shop_orders_ins` after insert on `shop`.`orders` for each row \
             replace into `shop`.`_orders_new` (id, name) values (NEW.id, NEW.name);\n\
            insert low_priority ignore into `shop`.`_orders_new` (id, name) select id, name from \
             `shop`.`orders`;\n",
        end: "\
            rename table `shop`.`orders` to `shop`.`_orders_old`, `shop`.`_orders_new` to \
             `shop`.`orders`;\n\
            drop table if exists `shop`.`_orders_old`;\n\
            drop trigger if exists `shop`.`pt_osc_shop_orders_del`;\n\
            drop trigger if exists `shop`.`pt_osc_shop_orders_ins`;\n",
    },
    Work {
        tool: "ALIYUN_DMS",
        begin: "\
            create table tp_12_ogt_orders like orders;\n\
            create table tp_12_ogl_orders (id int primary key);\n\
            alter table tp_12_ogt_orders CHANGE;\n\
            insert into tp_12_ogl_orders values (1);\n\
            insert ignore into tp_12_ogt_orders (id, name) select id, name from orders;\n",
        end: "\
            rename table orders to tp_12_del_orders, tp_12_ogt_orders to orders;\n\
            drop table tp_12_ogl_orders;\n\
            drop table tp_12_del_orders;\n",
    },
];

#[test]
fn the_work_of_tools_on_mariadb_comes_out_as_what_it_altered() {
    check(&Version::mariadb());
}

#[test]
fn the_work_of_tools_on_mysql_comes_out_as_what_it_altered() {
    check(&Version::mysql());
}

/// Every tool twice: the second time the source is opened anew in the middle of its work.
fn check(version: &Version) {
    for metadata in ["FULL", "MINIMAL"] {
        let server = Server::start(version, &[&format!("--binlog-row-metadata={metadata}")]);
        server.sql(&[ACCOUNT, TABLES].concat());
        let tools: Vec<_> = WORKS.iter().map(|work| work.tool).collect();
        let settings = settings(server.port(), json!({"start": "latest", "online_ddl": tools}));
        let mut reader = Reader::open(&settings, None);
        reader.connect(&server);
        let (mut told, mut expected) = (Vec::new(), Vec::new());
        for (number, Work { begin, end, .. }) in (1..).zip(WORKS.iter().chain(&WORKS)) {
            let begin = begin.replace("CHANGE", &format!("ADD added_{number} INT"));
            server.sql(&format!(
                "USE shop;\nINSERT INTO orders (id, name) VALUES ({number}0, 'before');\n{begin}\
                 INSERT INTO orders (id, name) VALUES ({number}1, 'meanwhile');\n\
                 CREATE TABLE half_{number} (id INT);\n"
            ));
            reader.until(&format!("shop.half_{number} ")).unwrap();
            if number > WORKS.len() {
                told.extend(orders(&reader));
                let position = reader.position.take();
                reader = Reader::open(&settings, position.as_ref());
            }
            server.sql(&format!(
                "USE shop;\n{end}INSERT INTO orders (id, name, added_{number}) VALUES \
                 ({number}2, 'behind', 7);\nCREATE TABLE done_{number} (id INT);\n"
            ));
            reader.until(&format!("shop.done_{number} ")).unwrap();
            expected.extend([
                format!("insert orders id={number}0 name=\"before\""),
                format!("insert orders id={number}1 name=\"meanwhile\""),
                format!(
                    "ddl orders kind=\"ALTER_TABLE\" statement=\
                     \"alter table `shop`.`orders` ADD added_{number} INT\""
                ),
                format!("insert orders id={number}2 name=\"behind\" added_{number}=7"),
            ]);
        }
        told.extend(orders(&reader));
        assert_eq!(told, expected, "{version:?} {metadata}");
    }
}

/// The rows and statements that came, but for those that say how far it is.
fn orders(reader: &Reader) -> Vec<String> {
    let change = |line: &str| {
        let mut words = line.trim_start().split(' ').peekable();
        // A row stands behind its number, a statement before the transaction's name.
        let is_statement = words.peek() == Some(&"ddl");
        let verb = words.nth(usize::from(!is_statement))?;
        let table = words.next()?.strip_prefix("shop.")?;
        let rest: Vec<_> = words.skip(2 + usize::from(is_statement)).collect();
        let is_mark = table.starts_with("half_") || table.starts_with("done_");
        (!is_mark).then(|| format!("{verb} {table} {}", rest.join(" ")))
    };
    reader.changes().into_iter().filter_map(change).collect()
}
