"""Mail on the console, for trying things: each one in one piece, as its reader would see it in
plain text.
"""

from django.core.mail import EmailMessage
from django.core.mail.backends import console


class EmailBackend(console.EmailBackend):
    """Django's own prints the raw message, in which neither subject nor body can be read at a
    glance.
    """

    def write_message(self, message: EmailMessage) -> None:
        head = f"To: {', '.join(message.recipients())}\nSubject: {message.subject}"
        self.stream.write(f"{'-' * 79}\n{head}\n\n{message.body.strip()}\n")
