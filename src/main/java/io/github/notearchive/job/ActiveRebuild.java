package io.github.notearchive.job;

/** What belongs to one execution of a rebuild; what it has met stands in {@link RebuildCounts}. */
final class ActiveRebuild extends ActiveJob {}
