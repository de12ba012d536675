# One image for all of waltzflow: as it is it serves; `python manage.py worker`, `migrate` and every
# other command run in it too. docs/operation.md says how; compose.yaml runs it on one machine.

FROM python:3.11-slim-bookworm AS build
ENV PATH=/srv/venv/bin:$PATH
RUN python -m venv /srv/venv
WORKDIR /srv/waltzflow
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
# A secret of this step alone: without one nothing starts, and static files do not depend on it.
RUN SECRET_KEY=$(python -c "import secrets; print(secrets.token_hex(32))") ALLOWED_HOSTS=127.0.0.1 \
    python manage.py collectstatic --no-input \
    && python -m compileall -q .

# Without pip's leavings, and all of it root's: whoever takes over the site changes none of it.
FROM python:3.11-slim-bookworm
COPY --from=build /srv /srv
# New volumes that are mounted there belong to the account below.
RUN install --directory --owner=10001 --group=10001 /srv/ledger/key /srv/ledger/checkpoints
WORKDIR /srv/waltzflow
ENV PATH=/srv/venv/bin:$PATH \
    BIND=0.0.0.0:8000 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000
CMD ["gunicorn"]
