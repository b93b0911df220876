"""Accounts over HTTP: coming in, passkeys, sessions, people, codes, the way back."""

from api.accounts import codes, passkeys, recovery, sessions, sign_in, users

routes = [
    *sign_in.routes,
    *passkeys.routes,
    *sessions.routes,
    *users.routes,
    *codes.routes,
    *recovery.routes,
]
