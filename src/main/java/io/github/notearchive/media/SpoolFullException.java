package io.github.notearchive.media;

import java.io.IOException;

/** The spool may hold no more on the disk for now. */
final class SpoolFullException extends IOException {}
