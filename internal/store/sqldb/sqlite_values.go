package sqldb

import (
	"database/sql/driver"
	"fmt"
	"math"
	"reflect"
)

// sqliteValue turns an argument into one of the driver's types.
func sqliteValue(arg any) (driver.Value, error) {
	switch v := arg.(type) {
	case nil:
		return nil, nil
	case string, int64, float64, bool:
		return v, nil
	case []byte:
		if v == nil {
			return nil, nil
		}
		return v, nil
	case int:
		return int64(v), nil
	case *string:
		if v == nil {
			return nil, nil
		}
		return *v, nil
	case *int64:
		if v == nil {
			return nil, nil
		}
		return *v, nil
	}
	return reflectedValue(reflect.ValueOf(arg))
}

func reflectedValue(v reflect.Value) (driver.Value, error) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		return sqliteValue(v.Elem().Interface())
	case reflect.String:
		return v.String(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return int64(v.Uint()), nil
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Float32, reflect.Float64:
		return v.Float(), nil
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return sqliteValue(v.Bytes())
		}
	}
	return nil, fmt.Errorf("%s is no type of a value: see package sqldb", v.Type())
}

// assign copies a column into the pointer dest.
func assign(dest any, value driver.Value) error {
	switch d := dest.(type) {
	case *string:
		switch v := value.(type) {
		case string:
			*d = v
			return nil
		case []byte:
			*d = string(v)
			return nil
		}
	case *int64:
		if v, ok := value.(int64); ok {
			*d = v
			return nil
		}
	case *int:
		if v, ok := value.(int64); ok {
			*d = int(v)
			return nil
		}
	case *bool:
		if v, ok := value.(int64); ok {
			*d = v != 0
			return nil
		}
	case *[]byte:
		return assignBytes(d, value)
	case **string:
		switch v := value.(type) {
		case nil:
			*d = nil
			return nil
		case string:
			*d = &v
			return nil
		}
	case **int64:
		switch v := value.(type) {
		case nil:
			*d = nil
			return nil
		case int64:
			*d = &v
			return nil
		}
	}
	return assignReflected(dest, value)
}

// assignBytes tells an empty value from NULL, which the driver does not.
func assignBytes(d *[]byte, value driver.Value) error {
	switch v := value.(type) {
	case nil:
		*d = nil
	case []byte:
		if v == nil {
			v = []byte{}
		}
		*d = v
	case string:
		*d = []byte(v)
	default:
		return cannotAssign(d, value)
	}
	return nil
}

func assignReflected(dest any, value driver.Value) error {
	p := reflect.ValueOf(dest)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("%T is no place to scan into: give a pointer", dest)
	}
	target := p.Elem()
	if target.Kind() == reflect.Pointer {
		if value == nil {
			target.SetZero()
			return nil
		}
		fresh := reflect.New(target.Type().Elem())
		if err := assign(fresh.Interface(), value); err != nil {
			return err
		}
		target.Set(fresh)
		return nil
	}
	switch v := value.(type) {
	case string:
		if target.Kind() == reflect.String {
			target.SetString(v)
			return nil
		}
		return assignNamedBytes(dest, target, []byte(v))
	case []byte:
		return assignNamedBytes(dest, target, v)
	case int64:
		return assignInteger(dest, target, v)
	case float64:
		if target.CanFloat() {
			target.SetFloat(v)
			return nil
		}
	}
	return cannotAssign(dest, value)
}

func assignNamedBytes(dest any, target reflect.Value, v []byte) error {
	if target.Kind() != reflect.Slice || target.Type().Elem().Kind() != reflect.Uint8 {
		return cannotAssign(dest, v)
	}
	target.SetBytes(append([]byte{}, v...))
	return nil
}

// assignInteger serves what SQLite stores as an integer: integers, booleans and floats without a fraction.
func assignInteger(dest any, target reflect.Value, v int64) error {
	switch {
	case target.CanInt() && !target.OverflowInt(v):
		target.SetInt(v)
	case target.CanUint() && v >= 0 && !target.OverflowUint(uint64(v)):
		target.SetUint(uint64(v))
	case target.Kind() == reflect.Bool:
		target.SetBool(v != 0)
	case target.CanFloat() && math.Abs(float64(v)) <= 1<<53:
		target.SetFloat(float64(v))
	default:
		return cannotAssign(dest, v)
	}
	return nil
}

func cannotAssign(dest any, value driver.Value) error {
	if value == nil {
		return fmt.Errorf("NULL does not fit into %T: scan into a pointer to a pointer", dest)
	}
	return fmt.Errorf("%T does not fit into %T", value, dest)
}
