// Made by `hoist codegen` from the toggle files: not to be edited.

hoist::variants! {
    /// The variants of the flag `checkout-button`.
    pub enum CheckoutButton {
        BrightGreen = "bright-green",
        Control = "control",
    }
}

hoist::flags! {
    /// All keys, for `Builder::keys`.
    pub static KEYS;
    /// What the button looks like.
    pub CHECKOUT_BUTTON: CheckoutButton = "checkout-button", default CheckoutButton::Control;
    /// The flag `delivery`.
    pub DELIVERY: hoist::Json<serde_json::Value> = "delivery", default serde_json::Value::Null;
    /// The flag `discount`.
    pub DISCOUNT: f64 = "discount", default 0.25;
    /// The flag `greeting`.
    pub GREETING: &'static str = "greeting", default "Kia ora, \"friend\"";
    /// One page in place of three.
    /// See the design of the `checkout` team.
    ///
    /// Owner: payments.
    ///
    /// Expires: 2099-02-01.
    pub NEW_CHECKOUT: bool = "new-checkout", default false;
    /// The flag `page-size`.
    pub PAGE_SIZE: i64 = "page-size", default 100;
}
