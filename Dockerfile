# syntax=docker/dockerfile:1

# --- Build

FROM eclipse-temurin:25.0.5_8-jdk-noble AS build
# mvnw checks the sum of Maven's zip
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl unzip \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build

# Everything that a build downloads, in a layer of its own: it changes with the pom only. One class, so that the compiler
# and its checkers are among it. (dependency:go-offline knows neither these nor what the plugins fetch when they run.)
COPY .mvn .mvn
COPY mvnw pom.xml ./
RUN mkdir -p src/main/java \
    && echo 'package io.github.notearchive; final class Prefetch {}' > src/main/java/Prefetch.java \
    && ./mvnw -q -B -DskipTests -Dexec.skip -Dassembly.skipAssembly -P '!format' package \
    && rm -rf src target

COPY bin bin
COPY config config
COPY db db
COPY src/docs/exit-codes src/docs/exit-codes
COPY src/main src/main
COPY CHANGELOG.md LICENSE ./
# Libraries apart from the program: an image of the next version shares their layer.
RUN ./mvnw -q -B -DskipTests -P '!format' package \
    && mkdir /release \
    && tar -xzf target/note-archive-*.tar.gz -C /release --strip-components=1 \
    && mv /release/lib /release-lib

# --- Run

FROM eclipse-temurin:25.0.5_8-jre-noble
ARG VERSION=0.1.0-SNAPSHOT
ARG REVISION=unknown
LABEL org.opencontainers.image.title="note-archive" \
      org.opencontainers.image.description="A nightly, restartable batch pipeline that archives Xiaohongshu notes before they vanish" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

RUN groupadd --gid 10001 note-archive \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin note-archive \
    && install -d -o 10001 -g 10001 -m 0700 /data

# The unpacked release archive, owned by root: the program cannot change itself. Settings may be mounted at
# /opt/note-archive/config/application.yml.
COPY --from=build /release-lib /opt/note-archive/lib
COPY --from=build /release /opt/note-archive
RUN ln -s /opt/note-archive/bin/note-archive /usr/local/bin/note-archive

# Classes as the virtual machine has them in memory, for starts of half the CPU. Practised as the user that PostgreSQL wants; where
# that cannot be, as when the build may start no such processes, the image does without.
RUN if setpriv --reuid=10001 --regid=10001 --clear-groups \
        /opt/note-archive/bin/note-archive-prepare /tmp/note-archive.aot; then \
        install -m 0644 /tmp/note-archive.aot /opt/note-archive/note-archive.aot; \
    fi \
    && rm -rf /tmp/*

# Written to are /data and /tmp, nothing else: the root may be read-only.
ENV ARCHIVE_DATA_DIR=/data
VOLUME /data
WORKDIR /data
USER 10001:10001

# A batch job has nothing to ask for its health: it ends, and its exit code tells. Grace time: as long as the longest call and
# the media of a note, 8 minutes with the defaults (docker run --stop-timeout 480).
HEALTHCHECK NONE

# The launcher execs java, which then is process 1 and takes the signal itself.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/note-archive/bin/note-archive"]
CMD ["--help"]
