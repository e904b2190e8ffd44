"""Who did what, as a chain that shows every edit of it.

Every call that changes something leaves one record (`records`), in the transaction of the change
(`audited_store`) or, where nothing was changed, right after it. Records of one tenant and day form
a chain by hashes (`trail`); `verification` walks chains and names the first record that is wrong.
"""
