use proptest::prelude::*;
use tidemill_rows::{Schema, SchemaView};

use crate::arbitrary::{config, mutations, schema};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_schema_reads_back_equal(schema in schema(), behind in any::<[u8; 9]>()) {
        let mut bytes = schema.encode();
        let len = bytes.len();
        bytes.extend(behind);
        let view = SchemaView::new(&bytes);
        prop_assert_eq!(view.bytes().len(), len);
        prop_assert_eq!(view.to_schema(), schema.clone());
        for column in &schema.columns {
            let found = view.column_named(&column.name).expect("the column").to_column();
            prop_assert_eq!(&found.name, &column.name);
        }
    }

    #[test]
    fn equal_schemas_and_no_others_have_equal_ids(one in schema(), other in schema()) {
        let id = |schema: &Schema| SchemaView::new(&schema.encode()).id();
        prop_assert_eq!(id(&one), id(&one.clone()));
        prop_assert_eq!(id(&one) == id(&other), one == other);
    }

    #[test]
    fn a_broken_schema_never_panics(schema in schema(), mutations in mutations()) {
        let mut bytes = schema.encode();
        for mutation in &mutations {
            mutation.apply(&mut bytes);
        }
        let copy = SchemaView::new(&bytes).to_schema();
        let _ = copy.key_columns().len();
    }
}

#[test]
fn key_columns_come_in_key_order() {
    let mut schema = Schema::statement("shop", "orders");
    schema.columns[0].key_ordinal = 2;
    schema.columns[1].key_ordinal = 1;
    let names: Vec<_> = schema.key_columns().iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["statement", "kind"]);
}
