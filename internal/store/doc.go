// Package store is the memory: rows, SQL and migrations. Besides queue it is the only place with SQL in it.
//
// A file holds one noun: the columns of its table once, in order, the function that scans exactly those, and the queries,
// one text per purpose that runs on both engines. Functions take a sqldb.Queryer, the read pool or a transaction;
// services own the transactions. It decides no rule and checks no permission.
package store
