"""What an adapter must do, as tests that ship with Tintype: subclass the contract of its port."""
