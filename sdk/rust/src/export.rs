/// Makes a component of a plugin, whichever of the three it is.
///
/// ```
/// # use tidemill_plugin::{Configure, Error, Plan, Planner, rows::Schema};
/// # struct Upper;
/// # impl Configure for Upper {
/// #     type Settings = ();
/// #     fn configure(_: ()) -> Result<Self, Error> { Ok(Self) }
/// # }
/// # impl Planner for Upper {
/// #     fn plan(&mut self, _: &Schema) -> Result<Plan, Error> { Ok(Plan::Unchanged) }
/// # }
/// tidemill_plugin::export!(Upper: planner);
/// ```
///
/// Kinds are `planner`, `transform` and `serializer`; several stand with commas between them. Call
/// it once in a crate of type `cdylib`. On the host it only checks that the type has the traits.
#[macro_export]
macro_rules! export {
    ($plugin:ty : $($kind:ident),+ $(,)?) => {
        const _: () = {
            $($crate::export!(@check $plugin, $kind);)+
        };
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::component::{Instance, lifecycle, planner, serializer, transform, types};

            struct Component;

            ::std::thread_local! {
                static INSTANCE: Instance<$plugin> = const { Instance::new() };
            }

            impl lifecycle::Guest for Component {
                fn configure(settings: String) -> Result<(), types::Error> {
                    INSTANCE.with(|instance| instance.configure(&settings))
                }
            }
            $crate::component::lifecycle::export!(
                Component with_types_in $crate::component::lifecycle
            );
            $($crate::export!(@component Component, INSTANCE, $kind);)+
        };
    };

    (@check $plugin:ty, planner) => {
        const fn planner<P: $crate::Planner>() {}
        planner::<$plugin>();
    };
    (@check $plugin:ty, transform) => {
        const fn transform<P: $crate::Transform>() {}
        transform::<$plugin>();
    };
    (@check $plugin:ty, serializer) => {
        const fn serializer<P: $crate::Serializer>() {}
        serializer::<$plugin>();
    };

    (@component $component:ident, $instance:ident, planner) => {
        impl planner::Guest for $component {
            fn plan(schema: types::Schema) -> Result<planner::TablePlan, types::Error> {
                $instance.with(|instance| instance.plan(schema))
            }
        }
        $crate::component::planner::export!($component with_types_in $crate::component::planner);
    };
    (@component $component:ident, $instance:ident, transform) => {
        impl transform::Guest for $component {
            fn transform(frame: Vec<u8>) -> Result<transform::Outcome, types::Error> {
                $instance.with(|instance| instance.transform(&frame))
            }
        }
        $crate::component::transform::export!(
            $component with_types_in $crate::component::transform
        );
    };
    (@component $component:ident, $instance:ident, serializer) => {
        impl serializer::Guest for $component {
            fn serialize(frame: Vec<u8>) -> Result<Vec<u8>, types::Error> {
                $instance.with(|instance| instance.serialize(&frame))
            }
        }
        $crate::component::serializer::export!(
            $component with_types_in $crate::component::serializer
        );
    };
}
