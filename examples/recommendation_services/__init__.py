"""Five small services that recommend articles: what examples/slow-recommendations is recorded from.

gateway        GET /v1/recommendations/{user_id}, GET /v1/trending: the entry
  auth         POST /verify: is this token the user's?
  aggregator   GET /recommend/{user_id}: asks the next two together, then for the ranking
    feature_store   GET /users/{user_id}/features: a SQLite database and a cache
    model_server    POST /embed, POST /rank: vectors, scores, and a model call for the reasons

__main__           one service as a process: its socket, its life, its end
telemetry          the OpenTelemetry SDK and instrumentations, the JSON log, the CPU metrics
feature_database   the tables, the statements and the index that version 1.8.0 lacks
collector          receives what the SDKs export and writes it as the Collector's file exporter
"""
