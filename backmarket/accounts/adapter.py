"""How django-allauth behaves here: users without usernames."""

from allauth.mfa.adapter import DefaultMFAAdapter

from backmarket import crypto


class MFAAdapter(DefaultMFAAdapter):
    """Second-factor secrets are encrypted at rest like every other secret."""

    def encrypt(self, text: str) -> str:
        return crypto.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.decrypt(encrypted_text)
